/* Show a password; passkeys. What needs script is hidden without it. */
for (const button of document.querySelectorAll("button[data-show]")) {
  const input = document.getElementById(button.dataset.show);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    button.firstChild.data = shown ? "Show" : "Hide";
  });
}

/* A form with data-passkey: "make" and "use" carry the options with them, "ask" fetches them from its address. */
const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON && PublicKeyCredential.prototype.toJSON;

async function credential(form) {
  if (form.dataset.passkey === "make") {
    const options = JSON.parse(form.dataset.options).publicKey;
    Object.assign(options.authenticatorSelection ??= {}, { residentKey: "required", requireResidentKey: true, userVerification: "required" });
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  const given = form.dataset.passkey === "use" ? JSON.parse(form.dataset.options)
    : (await (await fetch(form.action, { headers: { Accept: "application/json" } })).json()).request_options;
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(given.publicKey) });
}

for (const form of able ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fault = form.querySelector("[role=alert]");
    fault.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify((await credential(form)).toJSON());
      form.submit();
    } catch (error) {
      fault.textContent = error.name === "NotAllowedError" ? "Nothing was chosen, or it took too long." : "This passkey does not work here.";
      fault.hidden = false;
    }
  });
}
