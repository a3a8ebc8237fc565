//! What the user asked for, checked: the only form that the program sees.
