/** Every language of the dashboard is whole: the same texts, none empty, none left in English, with the numbers and names that belong in them. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { de } from '../../dashboard/words/de.ts'
import { en, type Words } from '../../dashboard/words/en.ts'
import { es } from '../../dashboard/words/es.ts'
import { fr } from '../../dashboard/words/fr.ts'
import { ja } from '../../dashboard/words/ja.ts'
import { vi } from '../../dashboard/words/vi.ts'
import { pageModule } from '../support/page-module.ts'

type Text = string | ((...given: unknown[]) => string)

const folder = new URL('../../../dashboard/words/', import.meta.url)
const files = readdirSync(folder).flatMap((file) => (/^([a-z]{2})\.ts$/.exec(file) ?? []).slice(1))
const languages: Readonly<Record<string, Words & Readonly<Record<'writing' | 'settings', object>>>> =
  Object.fromEntries(
    await Promise.all(
      Object.entries({ en, de, es, fr, ja, vi }).map(async ([language, words]) => {
        const [writing, settings] = await Promise.all(
          ['sending', 'settings'].map(async (few) => {
            // Its types lead to modules that need a browser's.
            const [told = {}] = Object.values(await pageModule<object>(`dashboard/words/${few}/${language}.ts`))
            return told as object
          }),
        )
        return [language, { ...words, writing, settings }]
      }),
    ),
  )

/** Names, and terms of protocols, which are the same in all languages. */
const namesOfAll =
  'Fastmail Yahoo AOL GMX WEB.DE iCloud Microsoft Google Redis TLS STARTTLS HTML POP3 IMAP SMTP Proxy Token Tokens Webhooks Cloud Port Code Cc Bcc'
    .split(' ')
    .concat('T-Online (Telekom)', 'Original (.eml)', 'China (21Vianet)')

/** Words that a language shares with English. */
const sharedBy: Readonly<Record<string, readonly string[]>> = {
  de: ['Status', 'Issuer', 'Link', 'Text', 'Name'],
  es: ['bytes', 'cc'],
  fr: 'Messages|Message|# messages|# message|# messages/s|Pages|Actions|Applications|Date|Formats|Description|note|Secret|cc|port #, undefined'.split(
    '|',
  ),
}

/** Sentences that are the same for one and for several. */
const oneForm: Readonly<Record<string, readonly string[]>> = {
  de: ['overview/someFailHint', 'form/rules/minLength', 'form/rules/maxLength'],
  es: ['overview/someFailHint'],
}

function textsOf(words: object, path = ''): Map<string, Text> {
  const texts = new Map<string, Text>()
  for (const [name, value] of Object.entries(words) as [string, unknown][]) {
    const at = path === '' ? name : `${path}/${name}`
    if (typeof value === 'string' || typeof value === 'function') texts.set(at, value as Text)
    else for (const [below, text] of textsOf(value as object, at)) texts.set(below, text)
  }
  return texts
}

/** An answer of the API with any facts. */
const anyFacts = new Proxy(
  {
    messages: 9012,
    text: 1234,
    folded: 5678,
    spellings: ['kai'],
    port: 1234,
    blocked: true,
    certain: true,
    tls: 'implicit',
    seconds: 5678,
    advice: { code: 'app password', provider: 'Yahoo', url: null },
  },
  { get: (known, name) => (Object.hasOwn(known, name) ? known[name as keyof typeof known] : `the ${String(name)}`) },
)

/** What decides between two sentences. */
const otherFacts = [
  {},
  { certain: false, blocked: false, looked: false },
  { host: null, speaks: null },
  { advice: undefined },
].map(
  (facts) =>
    new Proxy(anyFacts, {
      get: (known, name) => (Object.hasOwn(facts, name) ? facts[name as keyof typeof facts] : Reflect.get(known, name)),
    }),
)

const samples = [1234, 5678, 9012, 3456]
const digits = (text: string) => text.replace(/(?<=\d)[.,\s'’](?=\d{3})/gu, '')

/** It takes its parameter apart. */
const takesFacts = (text: (...given: unknown[]) => string) => String(text).startsWith('({')

function said(text: Text, first = 1234): string {
  if (typeof text === 'string') return text
  const [given, asNames] = [
    [first, ...samples.slice(1)],
    [String(first), ...samples.slice(1).map(String)],
  ]
  if (takesFacts(text)) return digits(text(anyFacts))
  // Some take names, and look into them.
  try {
    return digits(text(...given))
  } catch {
    return digits(text(...asNames))
  }
}

/** A text as it is said of one and of several, and with other facts. */
function formsOf(text: Text): string[] {
  if (typeof text === 'function' && takesFacts(text)) return otherFacts.map((facts) => digits(text(facts)))
  return typeof text === 'string' ? [text] : [0, 1, 7, 1234].map((n) => said(text, n))
}

const isBroken = /undefined|NaN|\[object/

const english = textsOf(languages['en'] ?? {})

test('every language that there is stands here', () => {
  assert.deepEqual(files.toSorted(), Object.keys(languages).toSorted())
})

for (const [language, words] of Object.entries(languages)) {
  if (language === 'en') continue
  test(`the words in ${language} are whole`, () => {
    const texts = textsOf(words)
    assert.deepEqual([...texts.keys()].toSorted(), [...english.keys()].toSorted())
    const shared = [...namesOfAll, ...(sharedBy[language] ?? [])]
    const wrong: string[] = []
    for (const [path, text] of texts) {
      const [here, there] = [said(text), said(english.get(path) ?? '')]
      if (here.trim() === '' && there !== '') wrong.push(`${path}: empty`)
      if (isBroken.test(here) && !isBroken.test(there)) wrong.push(`${path}: ${here}`)
      const formsThere = formsOf(english.get(path) ?? '')
      for (const form of formsOf(text))
        if (
          formsThere.includes(form) &&
          /\p{L}{2}/u.test(form) &&
          ![form, form.replace(/\d+/, '#')].some((one) => shared.includes(one))
        )
          wrong.push(`${path}: in English: ${form}`)
      for (const sample of samples.map(String))
        if (there.includes(sample) !== here.includes(sample)) wrong.push(`${path}: ${sample}: ${here}`)
    }
    assert.deepEqual(wrong, [])
  })

  test(`where English has a singular, so has ${language}, if its grammar knows one`, () => {
    const texts = textsOf(words)
    if (!new Intl.PluralRules(language).resolvedOptions().pluralCategories.includes('one')) return
    const isInflected = (text: Text) =>
      typeof text === 'function' &&
      !takesFacts(text) &&
      said(text, 1).replaceAll(/\d/g, '') !== said(text, 7).replaceAll(/\d/g, '')
    const missing = [...english].flatMap(([path, text]) =>
      isInflected(text) && !isInflected(texts.get(path) ?? '') ? [path] : [],
    )
    assert.deepEqual(missing, oneForm[language] ?? [])
  })
}
