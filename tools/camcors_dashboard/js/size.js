const KEY = "camcors.size";
const SIZES = { Small: "240px", Medium: "340px", Large: "560px" };

/**
 * Makes `select` the choice of how wide a tile of `grid` is at least.
 * @param {HTMLSelectElement} select @param {HTMLElement} grid
 */
export function sizeSwitch(select, grid) {
  const show = () => grid.style.setProperty("--tile", SIZES[/** @type {keyof typeof SIZES} */ (select.value)]);
  select.value = stored();
  show();
  select.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, select.value);
    } catch {
      // Storage is forbidden: the choice lasts as long as the page.
    }
    show();
  });
}

function stored() {
  try {
    const name = localStorage.getItem(KEY) ?? "Medium";
    return name in SIZES ? name : "Medium";
  } catch {
    return "Medium";
  }
}
