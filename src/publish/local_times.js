for (const time of document.querySelectorAll("time[datetime]")) {
  const date = new Date(time.dateTime);
  if (isNaN(date)) continue;
  const day = { day: "numeric", month: "short", year: "numeric" };
  const form = { ...day, hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  time.title = time.textContent;
  time.textContent = date.toLocaleString("en-GB", form);
}
