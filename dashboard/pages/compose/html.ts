/** Formatted text: a few elements without attributes, whatever was pasted or stood in a draft; and the plain text that goes beside it. */

const kept = new Set(['B', 'I', 'UL', 'OL', 'LI', 'A', 'BLOCKQUOTE', 'DIV', 'BR'])
const renamed: Readonly<Record<string, string>> = {
  STRONG: 'B',
  EM: 'I',
  P: 'DIV',
  SECTION: 'DIV',
  ARTICLE: 'DIV',
  TR: 'DIV',
  PRE: 'DIV',
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((level) => [`H${level}`, 'DIV'])),
}
/** What these hold is no text. */
const dropped = new Set(['SCRIPT', 'STYLE', 'HEAD', 'TITLE', 'TEMPLATE', 'IFRAME', 'OBJECT', 'SVG', 'MATH', 'NOSCRIPT'])
/** No page is so deep; each level is a call. */
const depthMax = 200
const quoteDepthMax = 50

const parse = (html: string) => new DOMParser().parseFromString(html, 'text/html').body

/** Nothing of it is run, fetched or styled: the document that the parser makes is nowhere. */
export function cleanHtml(html: string): string {
  const clean = document.implementation.createHTMLDocument('')
  copyInto(clean.body, parse(html), 0)
  return clean.body.innerHTML
}

function copyInto(to: HTMLElement, from: Node, depth: number): void {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) to.append(textIn(node))
    if (!(node instanceof Element)) continue
    const name = node.tagName.toUpperCase()
    if (dropped.has(name) || depth > depthMax) continue
    const as = renamed[name] ?? name
    const element = kept.has(as) ? to.ownerDocument.createElement(as) : to
    if (element instanceof HTMLAnchorElement) {
      const href = node.getAttribute('href') ?? ''
      if (isLink(href)) element.setAttribute('href', href)
    }
    copyInto(element, node, depth + 1)
    if (element !== to) to.append(element)
  }
}

const textIn = (node: Node) =>
  node.parentElement?.closest('pre') ? (node.textContent ?? '') : (node.textContent ?? '').replace(/[\t\r\n ]+/g, ' ')

export const isLink = (address: string) => /^(?:https?:\/\/|mailto:)\S+$/i.test(address)

export function htmlOf(text: string): string {
  const page = document.implementation.createHTMLDocument('')
  linesInto(page.body, text.split('\n'))
  return page.body.innerHTML
}

function linesInto(to: HTMLElement, lines: readonly string[], depth = 0): void {
  for (let nth = 0; nth < lines.length; nth += 1) {
    const line = lines[nth] ?? ''
    // A line of 20,000 marks is no quote of a quote, and each level is a call.
    if (!line.startsWith('>') || depth === quoteDepthMax) {
      const row = to.ownerDocument.createElement('div')
      row.append(line === '' ? to.ownerDocument.createElement('br') : line)
      to.append(row)
      continue
    }
    let end = nth + 1
    while (lines[end]?.startsWith('>')) end += 1
    const quote = lines.slice(nth, end)
    const block = to.ownerDocument.createElement('blockquote')
    linesInto(
      block,
      quote.map((one) => one.replace(/^> ?/, '')),
      depth + 1,
    )
    to.append(block)
    nth += quote.length - 1
  }
}

/**
 * Puts the signature of another identity in the place of the one that is there, line for line; undefined: it was changed, and stays.
 *
 * @param before and after as they stand in a text (quoting.ts); '': none.
 */
export function withHtmlSignature(html: string, before: string, after: string, isAtEnd: boolean): string | undefined {
  const page = document.implementation.createHTMLDocument('')
  page.body.innerHTML = html
  const made = document.implementation.createHTMLDocument('')
  linesInto(made.body, after === '' ? [] : after.split('\n'))
  const rows = [...page.body.children]
  if (before === '') {
    if (!isAtEnd) return undefined
    page.body.append(...made.body.childNodes)
    return page.body.innerHTML
  }
  const lines = before.split('\n')
  const at = rows.findLastIndex((_row, nth) => lines.every((line, below) => lineIn(rows[nth + below]) === line.trim()))
  if (at === -1) return undefined
  const [first] = rows.slice(at, at + 1)
  first?.before(...made.body.childNodes)
  for (const row of rows.slice(at, at + lines.length)) row.remove()
  return page.body.innerHTML
}

const lineIn = (row: Element | undefined) =>
  row?.localName === 'div' ? (row.textContent ?? '').replace(/\s+/g, ' ').trim() : undefined

/** As plain text: what is formatted by lists, quotes and links is so here, too. */
export function textOf(html: string): string {
  return blockText(parse(html), 0)
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/^\n+|\s+$/g, '')
}

const blocks = new Set(
  'DIV P LI UL OL BLOCKQUOTE TABLE TR H1 H2 H3 H4 H5 H6 PRE HR SECTION ARTICLE HEADER FOOTER DL DT DD'.split(' '),
)

function blockText(root: Node, depth: number): string {
  let text = ''
  for (const node of root.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      const words = textIn(node)
      text += text === '' || text.endsWith('\n') ? words.trimStart() : words
    }
    if (!(node instanceof Element) || dropped.has(node.tagName.toUpperCase()) || depth > depthMax) continue
    const name = node.tagName.toUpperCase()
    if (name === 'BR') {
      text += '\n'
      continue
    }
    const inner = blockText(node, depth + 1)
    if (!blocks.has(name)) text += name === 'A' ? linkText(node, inner) : inner
    else text = `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${shaped(name, node, inner)}\n`
  }
  return text
}

function linkText(link: Element, text: string): string {
  const href = link.getAttribute('href') ?? ''
  const shown = href.replace(/^mailto:/i, '')
  return isLink(href) && text.trim() !== shown && text.trim() !== shown.replace(/\/$/, '') ? `${text} <${href}>` : text
}

function shaped(name: string, node: Element, inner: string): string {
  const text = inner.replace(/\n$/, '')
  if (name === 'BLOCKQUOTE')
    return text
      .split('\n')
      .map((line) => (line.startsWith('>') || line === '' ? `>${line}` : `> ${line}`))
      .join('\n')
  if (name !== 'LI') return text
  const list = node.parentElement
  const sign = list?.tagName === 'OL' ? `${[...list.children].indexOf(node) + 1}.` : '-'
  return `${sign} ${text.replaceAll('\n', `\n${' '.repeat(sign.length + 1)}`)}`
}

/** Whether something of it would be lost in plain text. */
export const isFormatted = (html: string) => /<(?:b|i|ul|ol|a)[ >]/i.test(html)
