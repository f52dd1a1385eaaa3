// Runs once in each of the page's HTML components: `element` is the component, `trigger` sends an event to Python,
// `watch` tells of new content. Buttons and fields carry data-event and what the event needs as data-*.
const known = ['cite', 'back', 'redo', 'edit', 'rate', 'why', 'example', 'sample', 'open', 'remove', 'unfilter', 'turnpage',
  'read', 'takedown', 'rename'];
const back = () => document.lastCite?.focus(); // to where the article was opened from
const press = (target) => {
  const data = { ...target.dataset };
  if (data.confirm && !window.confirm(data.confirm)) return;
  if (data.event === 'rename') {
    const name = window.prompt('Name of the conversation', data.title || '');
    if (name === null || !name.trim()) return;
    data.title = name.trim();
  }
  if (data.event === 'cite' && target.closest('.talk, .said')) document.lastCite = target;
  if (data.event === 'back') back();
  if (target.tagName === 'INPUT') data.why = target.value;
  trigger(data.event, data);
};

const say = (text) => {
  let live = document.getElementById('said');
  if (!live) {
    live = Object.assign(document.createElement('div'), { id: 'said', className: 'unseen' });
    live.setAttribute('role', 'status');
    document.body.append(live);
  }
  live.textContent = text;
};

const copy = async (target) => {
  const text = target.dataset.copy;
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    // Not a secure origin, or not allowed: the old way.
    const area = Object.assign(document.createElement('textarea'), { value: text, className: 'unseen' });
    document.body.append(area);
    area.select();
    done = document.execCommand('copy');
    area.remove();
    target.focus();
  }
  const label = target.textContent;
  target.textContent = done ? 'Copied' : 'Not allowed';
  say(done ? 'Copied' : 'The browser did not allow copying');
  setTimeout(() => { target.textContent = label; }, 1500);
};

element.addEventListener('click', (event) => {
  const target = event.target.closest('[data-event], [data-copy]');
  if (!target || !element.contains(target) || target.tagName === 'INPUT') return;
  event.preventDefault();
  if (target.dataset.copy !== undefined) copy(target);
  else if (known.includes(target.dataset.event)) press(target);
});
element.addEventListener('keydown', (event) => {
  const target = event.target.closest('input[data-event]');
  if (target && event.key === 'Enter') {
    event.preventDefault();
    press(target);
    say('Saved');
  }
  if (event.key === 'Escape' && event.target.closest('.reading')) {
    back();
  }
});

// The talk: a new question comes into view once; then the page keeps still while the answer grows.
let shown = '';
const follow = () => {
  const talks = element.querySelectorAll('.talk');
  const last = talks[talks.length - 1];
  if (!last || !element.closest('#live')) return;
  if (last.dataset.key !== shown) {
    shown = last.dataset.key;
    // The turns above it are drawn at the same time, in another component.
    setTimeout(() => last.scrollIntoView({ block: 'start', behavior: 'instant' }), 60);
  }
};

// The side: an article opens at the cited words, and the keyboard stands there.
const stand = () => {
  const reading = element.querySelector('.reading');
  const mark = reading?.querySelector('#cited');
  if (mark) {
    mark.scrollIntoView({ block: 'center', behavior: 'instant' });
    mark.focus({ preventScroll: true });
  } else if (reading) {
    reading.scrollIntoView({ block: 'start', behavior: 'instant' });
  }
};

// New evidence is read from its beginning; on a narrow screen the page itself scrolls, and stays where it is.
let evidence = '';
const begin = () => {
  const found = element.querySelector('.evidence[data-talk]');
  if (found && found.dataset.talk !== evidence) element.closest('#side')?.scrollTo(0, 0);
  evidence = found ? found.dataset.talk : '';
};
watch('value', () => {
  follow();
  stand();
  begin();
  element.querySelector('.intake, .failed')?.scrollIntoView({ block: 'nearest' });
});
