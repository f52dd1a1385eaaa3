// Runs before Gradio, which makes functions of text at run time: the content security policy forbids that, and so an
// injected text can never become a script. What the page needs of it is known beforehand and stands here; any other text
// goes the browser's way and is refused.
(() => {
  const constant = /^\s*return ("(?:[^"\\\n]|\\.)*");\s*$/; // what Handlebars makes of a template without expressions
  const prepared = (names, body) => {
    const plain = constant.exec(body);
    if (plain) {
      const value = JSON.parse(plain[1]);
      return () => value;
    }
    if (body === 'return ``;') return () => '';
    if (body === 'return `${value}`;') {
      const at = names.indexOf('value');
      return (...given) => `${given[at] ?? ''}`;
    }
    if (/^onrecord\(element, trigger, watch\); \/\/[^\r\n\u2028\u2029]*$/.test(body)) {
      return (...given) => {
        const [element, trigger, watch] = ['element', 'trigger', 'watch'].map((name) => given[names.indexOf(name)]);
        window.onrecord(element, trigger, watch);
      };
    }
    return null;
  };
  const find = (given) => prepared(given.slice(0, -1).map(String), String(given[given.length - 1] ?? ''));
  window.Function = new Proxy(window.Function, {
    apply: (made, self, given) => find(given) ?? Reflect.apply(made, self, given),
    construct: (made, given, target) => find(given) ?? Reflect.construct(made, given, target),
  });

  // Light or dark, in the tab Settings: Gradio is dark where the body has that class.
  document.addEventListener('change', (event) => {
    if (!event.target.closest?.('#s-theme')) return;
    const system = matchMedia('(prefers-color-scheme: dark)').matches;
    const dark = event.target.value === 'dark' || (event.target.value === 'system' && system);
    document.body.classList.toggle('dark', dark);
  });
})();
