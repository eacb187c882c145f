/** The pages that whoever signs in sees: what a link leads to, and how it went. In the language that the browser asks for. */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { de } from './sign-in-words/de.ts'
import { en } from './sign-in-words/en.ts'
import { es } from './sign-in-words/es.ts'
import { fr } from './sign-in-words/fr.ts'
import { ja } from './sign-in-words/ja.ts'
import { vi } from './sign-in-words/vi.ts'
import type { PageText, SignInWords } from './sign-in-words/words.ts'

const words = { en, de, es, fr, ja, vi } as const satisfies Readonly<Record<string, SignInWords>>
type Language = keyof typeof words

/** Of our languages, the one that the browser wants most (RFC 9110 section 12.5.4). */
export function languageWanted(header = ''): Language {
  const known = Object.keys(words) as Language[]
  const wanted = header
    .slice(0, 1000)
    .split(',')
    .flatMap((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
      const weight = Number(
        parameters
          .find((one) => one.trim().startsWith('q='))
          ?.trim()
          .slice(2) ?? 1,
      )
      const language = known.find((name) => tag === name || tag.startsWith(`${name}-`))
      return language === undefined || !(weight > 0) ? [] : [{ language, weight }]
    })
    .toSorted((one, other) => other.weight - one.weight)
  return wanted[0]?.language ?? 'en'
}

const style =
  'body{font:1.05rem/1.6 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem;color:#1c2430;background:#fbfbf9}h1{font-size:1.5rem}a{display:inline-block;margin-top:.5rem;padding:.6rem 1.1rem;border-radius:.4rem;background:#1f5f8b;color:#fff;text-decoration:none}@media(prefers-color-scheme:dark){body{color:#e6e6e0;background:#16191d}}'
const styleHash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`
/** It allows nothing but the one style above. */
const policy = `default-src 'none'; style-src ${styleHash}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

export async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  write: (words: SignInWords) => PageText,
): Promise<FastifyReply> {
  const language = languageWanted(request.headers['accept-language'])
  const { title, paragraphs, link } = write(words[language])
  const button = link === undefined ? '' : `<p><a href="${escaped(link.url)}">${escaped(link.text)}</a></p>`
  const text = paragraphs.map((paragraph) => `<p>${escaped(paragraph)}</p>`).join('')
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style>`
  return await reply
    .code(status)
    .header('content-security-policy', policy)
    .header('vary', 'accept-language')
    .type('text/html; charset=utf-8')
    .send(
      `<!doctype html><html lang="${language}"><head>${head}</head><body><h1>${escaped(title)}</h1>${text}${button}</body></html>`,
    )
}

function escaped(text: string): string {
  const signs: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? sign)
}
