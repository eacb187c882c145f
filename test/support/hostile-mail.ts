/** Makes mail that attacks who reads it: the known attacks, and others by a grammar of MIME trees, headers and HTML. */
import type { Chance } from './chance.ts'

const usual = 'From: Eve <eve@example.org>\nDate: Mon, 1 Jun 2026 10:00:00 +0000\nMIME-Version: 1.0\n'

/** @param header further fields, each with its line end. */
function mail(subject: string, header: string, body: string): Buffer {
  return Buffer.from(`${usual}Subject: ${subject}\n${header}\n${body}`.replaceAll('\n', '\r\n'), 'latin1')
}

function multipart(subject: string, parts: readonly string[]): Buffer {
  const body = parts.map((part) => `--b\n${part}\n`).join('')
  return mail(subject, 'Content-Type: multipart/mixed; boundary=b\n', `${body}--b--\n`)
}

function page(subject: string, html: string): Buffer {
  return mail(subject, 'Content-Type: text/html\n', html)
}

const many = <T>(count: number, one: (nth: number) => T): T[] => Array.from({ length: count }, (_, nth) => one(nth))

function nested(levels: number): string {
  let part = 'Content-Type: text/plain\n\ndeep\n'
  for (let level = 0; level < levels; level += 1)
    part = `Content-Type: multipart/mixed; boundary=l${level}\n\n--l${level}\n${part}\n--l${level}--\n`
  return part
}

const longName = (nth: number) => `${'n'.repeat(94)}${String(nth).padStart(6, '0')}`

/** Each holds a reader up, or kept a whole page from being shown, when it was found. */
export const attacks: Readonly<Record<string, () => Buffer>> = {
  '9,990 empty parts': () =>
    multipart(
      'parts',
      many(9990, () => ''),
    ),
  '19,000 recipients': () => mail('recipients', `To: ${many(19_000, () => 'a').join(',\n ')}\n`, 'x\n'),
  'names of 100 letters': () =>
    multipart(
      'names',
      many(
        9900,
        (nth) =>
          `Content-Type: application/pdf; name=${longName(nth)}\nContent-Disposition: attachment; filename=${longName(nth)}\n`,
      ),
    ),
  'nested 200 deep': () => Buffer.from(`${usual}Subject: nested\n${nested(200)}`.replaceAll('\n', '\r\n')),
  'a subject of encoded words': () => mail(many(5000, () => '=?utf-8?q?=C3=A4?=').join('\n '), '', 'x\n'),
  'a line of 2 MB': () => mail('line', `X-Long: ${'x'.repeat(2_000_000)}\n`, `${'y'.repeat(2_000_000)}\n`),
  'a subject of 1 MB': () => mail('s'.repeat(1_000_000), '', 'x\n'),
  '20,000 parameters': () =>
    mail('parameters', `Content-Type: text/plain${many(20_000, (nth) => `;\n p${nth}*0*=utf-8''a`).join('')}\n`, 'x\n'),
  'a mail of 9,900 parts in a mail': () =>
    multipart('within', [
      `Content-Type: message/rfc822\n\n${usual}Content-Type: multipart/mixed; boundary=i\n\n${many(9900, () => '--i\n\n').join('')}--i--\n`,
    ]),
  'images that are named nowhere': () =>
    multipart('images', [
      `Content-Type: text/html\n\n${'<img src="cid:a">'.repeat(50_000)}\n`,
      ...many(480, (nth) => `Content-Type: image/png\nContent-ID: <${'a'.repeat(60)}${nth}>\n\nx\n`),
    ]),
  'text that flows': () =>
    mail('flowed', 'Content-Type: text/plain; format=flowed; delsp=yes\n', `${'> '.repeat(400)} \n`.repeat(1200)),
  'white space in a style': () =>
    page('style', many(10, () => `<p style="background:url(${' '.repeat(40_000)}x">`).join('')),
  'comments in an address': () => page('address', `<a href="mailto:${'<!---->'.repeat(100_000)}">x</a>`),
}

const texts = [
  (c: Chance) => ' '.repeat(c.below(3000)),
  (c: Chance) => '('.repeat(c.below(2000)),
  (c: Chance) => '"\\'.repeat(c.below(1000)),
  (c: Chance) => '=?utf-8?b?w6Q=?= '.repeat(c.below(300)),
  (c: Chance) => '{12}\r\n '.repeat(c.below(200)),
  (c: Chance) => 'a@b,'.repeat(c.below(3000)),
  (c: Chance) => 'g: a@b;'.repeat(c.below(500)),
  (c: Chance) =>
    c
      .octets(c.below(500))
      .toString('latin1')
      .replaceAll(/[\r\n]/g, ' '),
] as const

function fieldText(c: Chance): string {
  return many(1 + c.below(4), () => c.of(texts)(c)).join('')
}

const cssTexts = [
  'url(',
  ' ',
  "'",
  '"',
  'rgb(',
  'https:',
  '//',
  '\\',
  ')',
  ';',
  ':',
  'background:',
  'color:red',
  '<!--',
] as const
const tags = [
  'p',
  'b',
  'table',
  'tr',
  'td',
  'a',
  'img',
  'style',
  'svg',
  'script',
  'textarea',
  'x:y',
  '!--',
  '/p',
  '/',
] as const

function html(c: Chance): string {
  const css = () => many(c.below(30), () => c.of(cssTexts).repeat(1 + c.below(100))).join('')
  const attribute = () =>
    `${c.of(['style', 'href', 'src', 'srcset', 'background', 'on', 'a'])}=${c.of(['"', "'", ''])}${css()}${c.of(['"', "'", ''])}`
  return many(1 + c.below(10), () =>
    `<${c.of(tags)} ${many(c.below(4), attribute).join(' ')}${c.of(['>', '', '>>'])}`.repeat(1 + c.below(3)),
  ).join('&'.repeat(c.below(20)))
}

/** What a mail may still have of parts. */
interface Room {
  parts: number
}

/** A part with its header. */
function part(c: Chance, depth: number, room: Room): string {
  if ((room.parts -= 1) < 0) return ''
  const name = () => c.of(['n'.repeat(1 + c.below(900)), fieldText(c), ''])
  const more = `Content-Description: ${fieldText(c)}\nContent-ID: <${name()}>\n`
  if (depth > 0 && c.happens(0.6)) {
    const boundary = `d${depth}x${c.below(1000)}`
    const parts = many(c.below(5), () => `--${boundary}\n${part(c, depth - 1, room)}\n`).join('')
    const empty = c.happens(0.2) ? `--${boundary}\n\n`.repeat(c.below(3000)) : ''
    return `Content-Type: multipart/${c.of(['mixed', 'alternative', 'related', ''])}; boundary=${boundary}\n${more}\n${parts}${empty}--${boundary}--\n`
  }
  if (depth > 0 && c.happens(0.2)) return `Content-Type: message/rfc822\n\n${header(c)}${part(c, depth - 1, room)}`
  const type = c.of(['text/html', 'text/plain', 'text/plain; format=flowed', 'image/png', 'application/pdf', 'x', ''])
  const disposition = c.happens(0.5)
    ? `Content-Disposition: ${c.of(['inline', 'attachment'])}; filename="${name()}"\n`
    : ''
  return `Content-Type: ${type}; name="${name()}"\n${disposition}${c.happens(0.5) ? more : ''}\n${c.happens(0.5) ? html(c) : fieldText(c)}\n`
}

function header(c: Chance): string {
  const fields = ['From', 'To', 'Cc', 'Reply-To', 'Subject', 'Date', 'Message-ID', 'In-Reply-To', 'X-Other']
  return many(c.below(12), () => `${c.of(fields)}: ${fieldText(c)}\n`).join('')
}

/** Mail that nobody would write. Its lines end as a store keeps them. */
export function grammarMail(c: Chance): Buffer {
  const text = `${header(c)}${part(c, 12, { parts: 20 })}`.replaceAll('\0', ' ').replaceAll(/\r?\n/g, '\r\n')
  return Buffer.from(text.slice(0, 2_000_000), 'latin1')
}
