import assert from 'node:assert/strict'
import { test } from 'node:test'
import { languageWanted } from '../../api/sign-in-pages.ts'
import { de } from '../../api/sign-in-words/de.ts'
import { en } from '../../api/sign-in-words/en.ts'
import { es } from '../../api/sign-in-words/es.ts'
import { fr } from '../../api/sign-in-words/fr.ts'
import { ja } from '../../api/sign-in-words/ja.ts'
import { vi } from '../../api/sign-in-words/vi.ts'
import type { PageText, SignInWords } from '../../api/sign-in-words/words.ts'

test('a sign-in is in the language that the browser wants most, of those that there are', () => {
  const cases = [
    ['', 'en'],
    ['de', 'de'],
    ['ja-JP, fr-CH;q=0.9, en;q=0.8', 'ja'],
    ['ko-KR, fr-CH;q=0.9, en;q=0.8', 'fr'],
    ['en;q=0.3, es-419;q=0.7', 'es'],
    ['de;q=0, vi;q=0.1', 'vi'],
    ['den, enm, *', 'en'],
    ['vi;q=what, DE-at;q=0.5', 'de'],
  ] as const
  for (const [header, language] of cases) assert.equal(languageWanted(header), language, header)
})

const facts = { mailbox: 'me@example.net', into: 'alice' }
const pagesOf = (words: SignInWords): readonly PageText[] => [
  words.begin(facts, 'Example Mail', 'https://login.example.net/'),
  words.begin({ ...facts, into: null }, 'Example Mail', 'https://login.example.net/'),
  words.somebodyElse(facts, 'other@example.net'),
  words.notTaken(),
  words.linkOver(),
  words.refused(facts, 'code 4711'),
  words.noAnswer('login.example.net', 'code 4711'),
  words.noAnswerBack('login.example.net', 'code 4711'),
  ...(['google testing', 'no refresh token', 'scopes missing', 'another audience'] as const).map((code) =>
    words.done(facts, null, { url: '/accounts/1', warning: { code, atMs: 0 } }),
  ),
]
const names = [
  'me@example.net',
  'alice',
  'Example Mail',
  'other@example.net',
  'code 4711',
  'login.example.net',
  '1970-01-01',
]

/** They are the same in some languages. */
const shared = ['login.example.net: code 4711.', 'me@example.net in Tributary']

test('the pages of a sign-in name the same in each language, and nothing is left in English', () => {
  for (const [language, words] of Object.entries({ de, es, fr, ja, vi })) {
    for (const [nth, page] of pagesOf(words).entries()) {
      const there = pagesOf(en)[nth]
      const [text, english] = [page, there].map((one) => JSON.stringify(one)) as [string, string]
      for (const name of names)
        assert.equal(text.includes(name), english.includes(name), `${language}: ${name}: ${text}`)
      assert.equal(page.paragraphs.length, there?.paragraphs.length, text)
      const texts = ({ title, paragraphs, link }: PageText) => [
        title,
        ...paragraphs,
        ...(link === undefined ? [] : [link.text]),
      ]
      const same = texts(page).filter((one) => there !== undefined && texts(there).includes(one))
      assert.deepEqual(
        same.filter((one) => !shared.includes(one)),
        [],
        language,
      )
    }
  }
})
