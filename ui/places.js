// Addresses within the page: #search for a tab, #ask/ID for a conversation. The browser's Back and Forward go through
// the tabs, conversations and articles that were looked at, and a reload or a bookmark comes back to them. The page stays
// as it works: what is shown is read from the document, and an address is gone to by the buttons that lead there.
document.places = (() => {
  const triggers = {}; // of the HTML components, by their ids
  let opened = null; // the event that opened the article at the side: {place, event, data}
  let last = null; // the place that the address tells
  let goal = null; // the place that an address leads to, until it is shown: {aim, article, tried, deadline}
  let known = location.hash; // as it was last written or gone to
  let timer = 0;
  let begun = false;

  const tabs = () => [...document.querySelectorAll('#tabs button[role=tab]')];
  const name = (tab) => tab.textContent.trim().toLowerCase();
  const same = (a, b) => a.tab === b.tab && a.conversation === b.conversation && a.article === b.article;
  const address = (place) => `#${place.tab}${place.conversation && `/${place.conversation}`}`;

  const shown = () => {
    const tab = tabs().find((t) => t.ariaSelected === 'true');
    if (!tab || !begun) return null;
    const reading = [...document.querySelectorAll('.reading[data-article]')].find((r) => r.offsetParent);
    return {
      tab: name(tab),
      conversation: name(tab) === 'ask' ? document.querySelector('#list [aria-current=true]')?.dataset.id ?? '' : '',
      article: reading ? `${reading.dataset.article} ${reading.dataset.start}` : '',
    };
  };

  const tell = (step, place) => {
    if (location.hash !== known) return; // somebody has just typed another one, which popstate will tell
    history[step]({ place, opened: place.article && opened }, '', address(place));
    known = location.hash;
    last = place;
  };

  // One thing at a time, each once: the tab, then the conversation, then the article.
  const follow = (place) => {
    const { aim, tried, article } = goal;
    const wrong = ['tab', 'conversation', 'article'].find((part) => place[part] !== aim[part]);
    if (!wrong || Date.now() > goal.deadline) {
      goal = null;
      tell('replaceState', place);
      return;
    }
    if (!tried.has(wrong)) {
      tried.add(wrong);
      if (wrong === 'tab') tabs().find((t) => name(t) === aim.tab)?.click();
      else if (wrong === 'conversation' && aim.conversation) triggers.list('open', { id: aim.conversation });
      else if (wrong === 'conversation') document.querySelector('#new-conversation')?.click();
      else if (aim.article && article) triggers[article.place]?.(article.event, article.data);
      else if (!aim.article) [...document.querySelectorAll('.reading [data-event=back]')].find((b) => b.offsetParent)?.click();
    }
    changed();
  };
  const look = () => {
    const place = shown();
    if (!place) return;
    if (goal) follow(place);
    else if (!last) tell('replaceState', place);
    else if (!same(place, last)) tell('pushState', place);
  };
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(look, 80);
  };
  const lead = (aim, article) => {
    goal = { aim, article, tried: new Set(), deadline: Date.now() + 4000 };
    look();
  };

  const told = () => {
    const [tab, conversation = ''] = decodeURIComponent(location.hash.slice(1)).split('/');
    return { tab, conversation: tab === 'ask' ? conversation : '', article: '' };
  };
  addEventListener('popstate', (event) => {
    known = location.hash;
    const place = event.state?.place ?? told();
    if (place.tab) lead(place, event.state?.opened || null);
  });
  document.addEventListener('click', (event) => {
    if (event.target.closest?.('button[role=tab], [role=option]')) changed();
  });

  return {
    // A component is there.
    joined: (id, trigger) => { triggers[id] = trigger; },
    // It shows something else. The list of conversations is filled last when the page is loaded: only then an address
    // is gone to, since what is loaded would be shown over it.
    changed: (id) => {
      if (id === 'list' && !begun) {
        begun = true;
        const aim = told();
        if (aim.tab) lead(aim, null);
      }
      changed();
    },
    opens: (place, event, data) => { opened = { place, event, data }; },
  };
})();
