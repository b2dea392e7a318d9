// The form: what is chosen in it, kept for as long as the tab lives.

const KEY = "form";
const find = (selector) => document.querySelector(selector);

/** The die that is chosen: its name, faces and error rate. */
export function chosen(form) {
  const input = form.querySelector("input[name=die]:checked");
  return {
    name: input.value,
    faces: input.dataset.faces.split(",").map(Number),
    errorRate: Number(input.dataset.errorRate),
  };
}

/** How many rolls at once; null for a single one. */
export function times() {
  return find("#async").checked ? find("#times").value : null;
}

/** Keeps the choices, and lets Times be changed only where it counts. */
export function follow(form) {
  find("#times").disabled = !find("#async").checked;
  const choices = { die: chosen(form).name, async: find("#async").checked, times: find("#times").value };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(choices));
  } catch {
    // Full or forbidden: the next page begins anew.
  }
}

/** Chooses again what was chosen in this tab, as far as it is still there. */
export function restore(form) {
  try {
    const { die, async, times } = JSON.parse(sessionStorage.getItem(KEY));
    const inputs = [...form.querySelectorAll("input[name=die]")];
    inputs.filter((input) => input.value === die).forEach((input) => { input.checked = true; });
    find("#async").checked = async === true;
    if (/^\d+$/.test(times)) find("#times").value = times;
  } catch {
    // Nothing was kept, or nothing can be.
  }
}
