// The form: its values are kept for as long as the tab is open.

const KEY = "form";
const find = (selector) => document.querySelector(selector);

/** The selected die: its name, faces and error rate. */
export function chosen(form) {
  const input = form.querySelector("input[name=die]:checked");
  return {
    name: input.value,
    faces: input.dataset.faces.split(",").map(Number),
    errorRate: Number(input.dataset.errorRate),
  };
}

/** The number of rolls at once; null for a single roll. */
export function times() {
  return find("#async").checked ? find("#times").value : null;
}

/** Saves the form's values, and enables Times only in Async mode. */
export function follow(form) {
  find("#times").disabled = !find("#async").checked;
  const choices = { die: chosen(form).name, async: find("#async").checked, times: find("#times").value };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(choices));
  } catch {
    // Storage is full or disabled: the next page starts with the defaults.
  }
}

/** Restores the values saved in this tab, where they are still valid. */
export function restore(form) {
  try {
    const { die, async, times } = JSON.parse(sessionStorage.getItem(KEY));
    const inputs = [...form.querySelectorAll("input[name=die]")];
    inputs.filter((input) => input.value === die).forEach((input) => { input.checked = true; });
    find("#async").checked = async === true;
    if (/^\d+$/.test(times)) find("#times").value = times;
  } catch {
    // Nothing is stored, or storage is disabled.
  }
}
