// Stands in for the bundled file where there is no Node to make it: loads the same source as modules.
(() => {
  const script = document.currentScript;
  import(new URL("source/start.js", script.src).href).then((module) => module.start(script));
})();
