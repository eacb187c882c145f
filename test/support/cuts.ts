/** Measures in a browser's page what is not seen whole: text that is cut, what stands outside the window, and what lies upon something else. */
import type { BrowserContext, Page } from 'playwright-core'

/** Mail's own words in a list: whoever opens it has them whole. Everything else that is elided has a title. */
const elided = '.letter-from, .letter-subject, .letter-snippet'

const measure = `(() => {
  const found = []
  const styles = new Map()
  const styleOf = (one) => {
    if (!styles.has(one)) styles.set(one, getComputedStyle(one))
    return styles.get(one)
  }
  const nameOf = (one) => one.localName + [...one.classList].map((name) => '.' + name).join('')
  const told = (one) =>
    [one.parentElement, one].filter(Boolean).map(nameOf).join(' > ') +
    ' "' + (one.textContent || one.value || one.getAttribute('aria-label') || '').trim().replace(/\\s+/g, ' ').slice(0, 60) + '"'
  const find = (kind, one, more = '') => found.push(kind + ' ' + told(one) + more)
  const ownText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')
  const hides = (value) => value === 'hidden' || value === 'clip'

  /** What is seen of whatever is in an element, whether it can be scrolled sideways there, and with what it is moved. */
  const rooms = new Map([[document.documentElement, { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity, scrolls: false, layer: null }]])
  const roomIn = (one) => {
    const known = rooms.get(one)
    if (known) return known
    const style = styleOf(one)
    const outer = roomIn(one.parentElement)
    const room = { ...outer }
    if (style.position === 'fixed' || style.position === 'sticky') room.layer = one
    if (style.overflowX !== 'visible' && one !== document.body) {
      const box = one.getBoundingClientRect()
      room.left = Math.max(room.left, box.left)
      room.right = Math.min(room.right, box.right)
      room.top = Math.max(room.top, box.top)
      room.bottom = Math.min(room.bottom, box.bottom)
      if (!hides(style.overflowX)) room.scrolls = true
    }
    if (style.clipPath !== 'none') room.right = -Infinity
    rooms.set(one, room)
    return room
  }

  const canvas = new OffscreenCanvas(1, 1).getContext('2d')
  const widthOf = (text, style) => {
    canvas.font = style.font
    return canvas.measureText(text).width
  }

  if (document.documentElement.scrollWidth > innerWidth) found.push('the page is wider than the window: ' + document.documentElement.scrollWidth)

  const seen = []
  const add = (one, box, isControl) => {
    const room = roomIn(isControl ? one.parentElement : one)
    const left = Math.max(box.left, room.left), right = Math.min(box.right, room.right)
    const top = Math.max(box.top, room.top), bottom = Math.min(box.bottom, room.bottom)
    if (right - left <= 1 || bottom - top <= 1) return
    if (!room.scrolls && (left < -1 || right > innerWidth + 1)) find('outside the window', one, ' ' + Math.round(left) + '–' + Math.round(right))
    seen.push({ one, left, right, top, bottom, layer: room.layer })
  }
  for (const one of document.body.querySelectorAll('*')) {
    if (one.closest('svg') || !one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue
    const style = styleOf(one)
    const hasText = ownText(one)
    const { clientWidth, scrollWidth, clientHeight, scrollHeight } = one
    if (clientWidth > 1 && one.textContent.trim() !== '' && !one.matches('select, textarea')) {
      const isCut = scrollWidth > clientWidth + 1
      const isLow = scrollHeight > clientHeight + 3
      if (((hides(style.overflowX) && isCut) || (hides(style.overflowY) && isLow)) && !one.matches(${JSON.stringify(elided)}) && (!one.closest('[title]') || one.matches('.who > a')))
        find('cut', one, ' ' + [scrollWidth, scrollHeight].join('×') + ' in ' + [clientWidth, clientHeight].join('×'))
      if (style.overflowX === 'visible' && isCut && hasText) find('too long', one, ' ' + scrollWidth + ' in ' + clientWidth)
    }
    if (one.matches('select, input') && clientWidth > 1) {
      const within = clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight)
      // A field that has its row for itself can have no more.
      const texts = clientWidth > 0.7 * innerWidth ? [] : one.matches('select') ? [...one.selectedOptions].map((option) => option.label) : [one.placeholder]
      for (const text of texts)
        if (text && widthOf(text, style) > within + 1) find('cut', one, ' ' + text + ': ' + Math.round(widthOf(text, style)) + ' in ' + Math.round(within))
    }
    if (one.matches('a[href], button, input, select, textarea, summary')) {
      const box = one.getBoundingClientRect()
      // What stands in the padding of a field belongs there.
      const [inStart, inEnd] = one.matches('input, textarea') ? [style.paddingLeft, style.paddingRight].map(Number.parseFloat) : [0, 0]
      if (one.getClientRects().length === 1) add(one, { left: box.left + inStart, right: box.right - inEnd, top: box.top, bottom: box.bottom, width: box.width }, true)
    }
    if (hasText)
      for (const node of one.childNodes) {
        if (node.nodeType !== 3 || node.data.trim() === '') continue
        const range = document.createRange()
        range.selectNodeContents(node)
        for (const box of range.getClientRects()) add(one, box, false)
      }
  }
  seen.sort((one, other) => one.top - other.top)
  for (const [nth, one] of seen.entries())
    for (let next = nth + 1; next < seen.length && seen[next].top < one.bottom; next += 1) {
      const other = seen[next]
      if (one.layer !== other.layer || one.one.contains(other.one) || other.one.contains(one.one)) continue
      const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left)
      const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)
      // The lines of a font are higher than its letters.
      if (wide > 2 && high > 0.3 * Math.min(one.bottom - one.top, other.bottom - other.top)) find('upon ' + told(other.one), one.one)
    }
  return [...new Set(found)]
})()`

/** Lets a context's pages be measured. */
export async function measured(context: BrowserContext): Promise<void> {
  await context.addInitScript(`globalThis.cuts = () => ${measure}`)
}

/** What is not seen whole in the page at one of the widths, and at which of them. Everything that can be unfolded is. */
export async function cuts(page: Page, widths: readonly number[]): Promise<string[]> {
  const found = new Map<string, number[]>()
  await page.evaluate(`document.querySelectorAll('details:not([open]) > summary').forEach((one) => one.click())`)
  // What still turns has other measures.
  await page.evaluate(`Promise.allSettled(document.getAnimations().flatMap((one) =>
    one.effect.getComputedTiming().iterations === Infinity ? [] : [one.finished]))`)
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 })
    // What measures itself is laid out anew after the next picture, what then has other room a moment later.
    let wrong = await page.evaluate<string[]>(
      'new Promise((done) => requestAnimationFrame(() => setTimeout(done))).then(cuts)',
    )
    for (let times = 0; wrong.length > 0 && times < 30; times += 1)
      wrong = await page.evaluate<string[]>('new Promise((done) => setTimeout(done, 100)).then(cuts)')
    for (const one of wrong) {
      // The same thing at two widths, whatever it measures there.
      const what = one.replace(/ \d+(?:×\d+)? in \d+(?:×\d+)?$| -?\d+–-?\d+$/, '')
      found.set(what, [...(found.get(what) ?? []), width])
    }
  }
  return [...found].map(([what, at]) => `${at.join()} px: ${what}`)
}
