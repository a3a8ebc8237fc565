//! Writes the page on which one signs in. Pure.

use maud::html;
use url::Url;

use super::html::{FRONT, home, icon_link, page};
use super::icon;

/// Why a page is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// It needs the token.
    Needed,
    /// The token was wrong.
    Wrong,
    /// There is no token, so that nobody can sign in.
    NoToken,
}

/// Writes the page. Its form is sent to the address of the page that was requested.
pub fn write(public_url: &Url, reason: SignIn) -> Vec<u8> {
    let body = html! {
        header {
            nav aria-label="Site" { a .back href=(home(public_url)) { "All feeds" } }
            h1 { "Sign in" }
        }
        main {
            @if reason == SignIn::NoToken {
                p { "This page is for the operator of this Siftwire. It is shown on the machine that it runs on; elsewhere only \
                    with a token, and none is configured." }
                p { "To make one, run " code { "siftwire token" } ": it says where to put it." }
            } @else {
                p { "This page is for the operator of this Siftwire. It is opened by the token that " code { "[serve] token" }
                    " in config.toml names." }
                @if reason == SignIn::Wrong { p role="alert" { span .bad { "That is not the token." } } }
                form method="post" {
                    label .address {
                        "Token"
                        input type="password" name="token" required autocomplete="current-password";
                    }
                    button { "Sign in" }
                }
                p .soft { "A feed reader sends it as a header, " code { "Authorization: Bearer TOKEN" }
                    ", or has it in the address of the feed: " code { "?token=TOKEN" } "." }
            }
        }
    };
    page("Sign in", FRONT, &icon_link(public_url, icon::PATH), &body)
}
