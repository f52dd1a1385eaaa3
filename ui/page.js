// The body of window.onrecord, which runs once in each of the page's HTML components: `element` is the component,
// `trigger` sends an event to Python, `watch` reports new content. Buttons and fields carry data-event and what the event needs as data-*.
const known = ['cite', 'back', 'redo', 'edit', 'rate', 'why', 'example', 'sample', 'open', 'remove', 'unfilter', 'turnpage',
  'read', 'earlier', 'takedown', 'rename', 'evidence', 'sharelink', 'unsharelink', 'totab', 'person', 'together', 'apart', 'asfound',
  'pausesource', 'removesource', 'syncsource', 'narrow', 'collect', 'askabout',
  'makeset', 'openset', 'renameset', 'shareset', 'dropset', 'useset', 'dropoutlet', 'tickall', 'tickadd', 'tickremove', 'addall', 'addoutlet', 'tickmend', 'undomending'];
const place = element.closest('.block.onr')?.id ?? '';
const focusCite = () => document.lastCite?.focus(); // back to the button that opened the article
const sendEvent = (target) => {
  const data = { ...target.dataset };
  if (data.confirm && !window.confirm(data.confirm)) return;
  if (data.prompt) {
    const name = window.prompt(data.prompt, data.title || '');
    if (name === null || !name.trim()) return;
    data.title = name.trim();
  }
  if (data.event === 'totab') {
    [...document.querySelectorAll('button[role=tab]')].find((t) => t.textContent.trim() === data.tab)?.click();
    return;
  }
  const ticks = [...element.querySelectorAll('input.tick')];
  if (data.event === 'tickall') {
    const on = ticks.some((tick) => !tick.checked);
    for (const tick of ticks) tick.checked = on;
    return;
  }
  const ticked = ticks.filter((tick) => tick.checked).map((tick) => tick.value);
  if ('ticked' in data) {
    data.ticked = ticked;
    if (!ticked.length && data.event !== 'collect') {
      announce('Nothing is ticked');
      (ticks[0] ?? target).focus();
      return;
    }
  }
  if (data.event === 'cite' && target.closest('.turn, .quote, .event, .found')) document.lastCite = target;
  if (data.event === 'read') document.lastCite = target;
  if (data.event === 'cite' || data.event === 'read') document.places.opens(place, data.event, data);
  if (data.event === 'back') focusCite();
  const field = data.field ? document.getElementById(data.field) : target;
  if (field?.tagName === 'INPUT') data.why = field.value;
  trigger(data.event, data);
};

const announce = (text) => {
  let live = document.getElementById('announcer');
  if (!live) {
    live = Object.assign(document.createElement('div'), { id: 'announcer', className: 'visually-hidden' });
    live.setAttribute('role', 'status');
    document.body.append(live);
  }
  live.textContent = text;
};

const copy = async (target) => {
  const link = target.dataset.copylink;
  const text = link === undefined ? target.dataset.copy : new URL(link, document.baseURI).href;
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    // Not a secure origin, or not allowed: copy by a selection.
    const area = Object.assign(document.createElement('textarea'), { value: text, className: 'visually-hidden' });
    document.body.append(area);
    area.select();
    done = document.execCommand('copy');
    area.remove();
    target.focus();
  }
  const label = target.textContent;
  target.textContent = done ? 'Copied' : 'Not allowed';
  announce(done ? 'Copied' : 'The browser did not allow copying');
  setTimeout(() => { target.textContent = label; }, 1500);
};

element.addEventListener('click', (event) => {
  const target = event.target.closest('[data-event], [data-copy], [data-copylink]');
  if (!target || !element.contains(target) || target.tagName === 'INPUT') return;
  event.preventDefault();
  if (target.dataset.copy !== undefined || target.dataset.copylink !== undefined) copy(target);
  else if (known.includes(target.dataset.event)) sendEvent(target);
});
element.addEventListener('keydown', (event) => {
  const target = event.target.closest('input[data-event]');
  if (target && event.key === 'Enter') {
    event.preventDefault();
    sendEvent(target);
    announce({ collect: 'Collecting', makeset: 'Making it' }[target.dataset.event] ?? 'Saved');
  }
  if (event.key === 'Escape' && event.target.closest('.reading')) {
    focusCite();
  }
});

// A new question scrolls into view once; then the page stays still while the answer grows.
let shown = '';
const showQuestion = () => {
  const turns = element.querySelectorAll('.turn');
  const last = turns[turns.length - 1];
  if (!last || !element.closest('#live')) return;
  if (last.dataset.key !== shown) {
    shown = last.dataset.key;
    // The turns above it are rendered at the same time, in another component.
    setTimeout(() => last.scrollIntoView({ block: 'start', behavior: 'instant' }), 60);
  }
};

// An article opens at the cited words, with the keyboard's focus on them.
const showCited = () => {
  const reading = element.querySelector('.reading');
  const mark = reading?.querySelector('#cited');
  if (mark) {
    mark.scrollIntoView({ block: 'center', behavior: 'instant' });
    mark.focus({ preventScroll: true });
  } else if (reading) {
    reading.scrollIntoView({ block: 'start', behavior: 'instant' });
  }
};

// New evidence is shown from its top; on a narrow screen the page itself scrolls, and stays where it is.
let evidence = '';
const showEvidence = () => {
  const found = element.querySelector('.evidence[data-turn-number]');
  if (found && found.dataset.turnNumber !== evidence) element.closest('#side')?.scrollTo(0, 0);
  evidence = found ? found.dataset.turnNumber : '';
};
// The cursor goes to the field that content asks for, once it is there: its box, or its tab, is opening.
const focusAsked = (tries = 0) => {
  const first = element.querySelector('[data-focus]')?.dataset.focus;
  const field = first && document.querySelector(`#${first} :is(input, textarea)`);
  if (field?.offsetParent) {
    field.scrollIntoView({ block: 'center', behavior: 'instant' });
    field.focus({ preventScroll: true });
  } else if (first && tries < 60) setTimeout(focusAsked, 50, tries + 1);
};
focusAsked();
document.places.joined(place, trigger);
watch('value', () => {
  for (const tick of element.querySelectorAll('input.tick')) tick.checked = false; // its place may hold another article now
  showQuestion();
  showCited();
  showEvidence();
  focusAsked();
  document.places.changed(place);
  element.querySelector('.ingest-result, .failed')?.scrollIntoView({ block: 'nearest' });
});

// A field for a day gets a button that opens the browser's calendar; what it gives is typed into the field.
const addCalendars = () => {
  for (const field of document.querySelectorAll('.day-field:not(:has(.calendar))')) {
    const text = field.querySelector('textarea, input');
    if (!text) continue;
    const picker = Object.assign(document.createElement('input'), { type: 'date', tabIndex: -1 });
    picker.setAttribute('aria-hidden', 'true');
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'calendar' });
    button.innerHTML = '<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M2 3.5h12v10H2zM2 6.5h12M5 1.5v3M11 1.5v3"/></svg>';
    button.setAttribute('aria-label', `Calendar: ${field.textContent.trim()}`);
    button.addEventListener('click', () => {
      picker.value = /^\d{4}-\d{2}-\d{2}$/.test(text.value) ? text.value : '';
      picker.showPicker();
    });
    picker.addEventListener('change', () => {
      text.value = picker.value;
      text.dispatchEvent(new Event('input', { bubbles: true }));
      text.dispatchEvent(new KeyboardEvent('keypress', { key: 'Enter', bubbles: true }));
    });
    const place = document.createElement('span');
    place.className = 'calendar-place';
    place.append(button, picker);
    field.append(place);
  }
};
if (!document.calendars) {
  document.calendars = new MutationObserver(addCalendars);
  document.calendars.observe(document.body, { childList: true, subtree: true });
  addCalendars();
}
