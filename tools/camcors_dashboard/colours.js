// Before anything is drawn, so that the page does not flash in the other colours. js/theme.js is the switch.
try {
  document.documentElement.dataset.theme = localStorage.getItem("camcors.theme") || "auto";
} catch {
  // Storage is forbidden: the system's colours.
}
