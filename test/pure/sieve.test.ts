import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sieve, type SieveBounds } from '../../src/imap/sieve.ts'
import { Chance } from '../support/chance.ts'

const bounds: SieveBounds = {
  stringOctetsMax: 40,
  headerOctetsMax: 10,
  addressesMax: 3,
  envelopeOctetsMax: 400,
  partsMax: 4,
  structureOctetsMax: 1000,
  partOctetsMax: 200,
  levelsMax: 5,
  sortedTogether: 3,
  lineOctetsMax: 2000,
  droppedOctetsMax: 50_000,
  plainLiteralOctetsMax: 100,
  answerOctetsMax: 100_000,
  answerLiteralOctetsMax: 100_000,
  answerLinesMax: 50,
  namesMax: 5,
  nameOctetsMax: 1000,
  receivedOctetsMax: 1_000_000,
}

function sifted(answer: string, chance?: Chance): { readonly left: string; readonly isCut: boolean } {
  const sieve = new Sieve(bounds)
  const octets = Buffer.from(answer, 'latin1')
  const chunks = chance === undefined ? [octets] : [...chance.cut(octets)]
  const left = Buffer.concat(chunks.flatMap((chunk) => sieve.pass(chunk))).toString('latin1')
  return { left, isCut: sieve.isCut(1) }
}

const text = '("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 10 1 NIL NIL NIL NIL)'
const ofStructure = (structure: string) =>
  `* 1 FETCH (UID 5 BODYSTRUCTURE ${structure} FLAGS (\\Seen))\r\nA1 OK done\r\n`
const ofEnvelope = (envelope: string) => `* 1 FETCH (ENVELOPE ${envelope} UID 5)\r\nA1 OK done\r\n`
const address = '(NIL NIL "a" "b")'

test('answers within the bounds go through as they are, however they are cut', () => {
  const chance = new Chance(20_260_401)
  for (const answer of [
    ofStructure(text),
    ofStructure(`(${text}${text} "mixed" ("boundary" "b") NIL NIL NIL)`),
    ofStructure(
      `((${text}${text} "alternative")("a" "b" NIL NIL NIL "base64" 5 NIL ("attachment" ("filename" {3}\r\n)"() NIL NIL) "mixed")`,
    ),
    ofStructure(
      '("message" "rfc822" NIL NIL NIL "7bit" 5 ("d" "s" NIL NIL NIL NIL NIL NIL NIL NIL) ("a" "b" NIL NIL NIL "7bit" 0) 2)',
    ),
    ofEnvelope(`("date" "a \\"b\\\\" (${address}${address}) NIL NIL NIL NIL NIL NIL "<x>")`),
    ofEnvelope('("date" {9}\r\nENVELOPE( NIL NIL NIL NIL NIL NIL NIL NIL)'),
    '* 1 FETCH (BODY[HEADER.FIELDS (X "Y")]<0> {3}\r\n\r\n()\r\n* 2 EXISTS\r\n',
    `* 1 FETCH (BODY[]<0> {500}\r\n${'(x"'.padEnd(500, ' ')})\r\n`,
    '* OK [X "] so {5}\r\nabc\r\n more\r\n* LIST () "/" {3}\r\na"(\r\n* SORT 1 2 3\r\n* SORT\r\n+ go\r\n',
    '* 1 FETCH (ENVELOPE NIL BODYSTRUCTURE NIL)\r\n* 1 EXPUNGE\r\n* FLAGS (\\Seen $X)\r\n',
  ])
    for (let nth = 0; nth < 20; nth += 1) {
      const { left, isCut } = sifted(answer, nth === 0 ? undefined : chance)
      assert.deepEqual([left, isCut], [answer, false])
    }
})

test('what is beyond them is left out, and what is left is an answer', () => {
  for (const [answer, left] of [
    [
      ofStructure(`(${text.repeat(9)} "mixed" NIL NIL NIL NIL)`),
      ofStructure(`(${text.repeat(4)} "mixed" NIL NIL NIL NIL)`),
    ],
    [
      ofStructure(`${'('.repeat(9)}${text}${' "mixed")'.repeat(9)}`),
      ofStructure(`${'('.repeat(5)}("application" "octet-stream" NIL NIL NIL "7bit" 0)${' "mixed")'.repeat(5)}`),
    ],
    [
      ofStructure(`("a" "b" (${'"n" "v" '.repeat(50).trim()}) NIL NIL "7bit" 0 NIL ("attachment" ("f" "x")) NIL NIL)`),
      ofStructure(`("a" "b" (${'"n" "v" '.repeat(49).trim()}) NIL NIL "" 0 NIL NIL NIL NIL)`),
    ],
    [
      ofStructure(`("a" "b" ("n" "${'x'.repeat(99)}") NIL NIL "7bit" 0)`),
      ofStructure(`("a" "b" ("n" "${'x'.repeat(40)}") NIL NIL "7bit" 0)`),
    ],
    [
      ofEnvelope(
        `({90}\r\n${'d'.repeat(90)} "${'\\"'.repeat(90)}" NIL NIL NIL (${address.repeat(9)}) NIL NIL NIL "<x>")`,
      ),
      ofEnvelope(
        `({40}\r\n${'d'.repeat(40)} "${'\\"'.repeat(40)}" NIL NIL NIL (${address.repeat(3)}) NIL NIL NIL "<x>")`,
      ),
    ],
    [
      '* 1 FETCH (BODY[1.MIME] {20}\r\n0123456789abcdefghij UID 5)\r\n',
      '* 1 FETCH (BODY[1.MIME] {10}\r\n0123456789 UID 5)\r\n',
    ],
  ] as const) {
    const chance = new Chance(1)
    for (let nth = 0; nth < 20; nth += 1) {
      const given = sifted(answer, nth === 0 ? undefined : chance)
      assert.deepEqual([given.left, given.isCut], [left, true])
    }
  }
})

test('a long SORT, SEARCH or ESEARCH becomes several', () => {
  for (const [answer, left] of [
    ['* SORT 1 2 3 4 5 6 7\r\n', '* SORT 1 2 3\r\n* SORT 4 5 6\r\n* SORT 7\r\n'],
    ['* SEARCH 1 2 3 4 (MODSEQ 9)\r\n', '* SEARCH 1 2 3\r\n* SEARCH 4 (MODSEQ 9)\r\n'],
    [
      '* ESEARCH (TAG "A1") UID ALL 1,3:4,6,9 COUNT 5\r\n',
      '* ESEARCH (TAG "A1") UID ALL 1,3:4,6\r\n* ESEARCH UID ALL 9 COUNT 5\r\n',
    ],
    [`* SEARCH${' 1'.repeat(3000)}\r\n`, '* SEARCH 1 1 1\r\n'.repeat(1000)],
  ] as const)
    assert.equal(sifted(`${answer}A1 OK done\r\n`).left, `${left}A1 OK done\r\n`)
})

test('a line that is too long is cut, with its literals, and becomes one that nobody can read', () => {
  const rest = '* 2 EXISTS\r\nA1 OK done\r\n'
  const chance = new Chance(7)
  for (const [answer, left, isCut] of [
    [
      `* 1 FETCH (UID 5 FLAGS (${'a '.repeat(3000)}{3}\r\n\r\n) x) {2}\r\n\r\n)\r\n`,
      /^\* 1 FETCH \(UID 5 FLAGS \((?:a )+a? \(\r\n$/,
      true,
    ],
    [`* FLAGS (${'a '.repeat(3000)})\r\n`, /^\* FLAGS \((?:a )+a? \(\r\n$/, false],
    [`* LIST () "/" {101}\r\n${'\r\n'.repeat(50)}x\r\n`, /^\* LIST \(\) "\/" \{101\}\r \(\r\n$/, false],
    [`* 1 FETCH (X ${'{0}\r\n '.repeat(999)})\r\n`, / \(\r\n$/, true],
  ] as const)
    for (let nth = 0; nth < 20; nth += 1) {
      const given = sifted(`${answer}${rest}`, nth === 0 ? undefined : chance)
      assert.ok(given.left.endsWith(rest), given.left.slice(-99))
      assert.match(given.left.slice(0, -rest.length), left)
      assert.ok(given.left.length < 5000)
      assert.equal(given.isCut, isCut)
    }
})

test('a line that does not end is an error, unless mail has made it', () => {
  const long = 'a '.repeat(50_000)
  assert.throws(() => sifted(`* OK ${long}`), /a line has more than 50000 octets/)
  assert.equal(sifted(`* 1 FETCH (FLAGS (${long}))\r\n`).isCut, true)
})

test('an answer that does not end is an error, in whatever it is large', () => {
  for (const line of [
    '* 1 EXISTS\r\n',
    '* LIST () "/" a\r\n',
    `* OK ${'x'.repeat(1990)}\r\n`,
    `* OK ${'x'.repeat(40_000)}\r\n`,
    `* LIST () "/" ${'x'.repeat(400)}\r\n`,
    `* 1 FETCH (X {9000}\r\n${'x'.repeat(9000)})\r\n`,
  ]) {
    assert.throws(() => sifted(line.repeat(60)), /the answer to one command has more than \d+/)
    const sieve = new Sieve(bounds)
    for (let nth = 0; nth < 60; nth += 1) {
      sieve.nextAnswer()
      sieve.pass(Buffer.from(line, 'latin1'))
    }
  }
})

/** A list of anything, in the form that answers have. */
function value(chance: Chance, depth: number): string {
  const count = chance.happens(0.1) ? chance.below(40) : chance.below(4)
  const one = () => {
    const letters = chance.of(['a', '\\"', '(', ')', ' ', '{', '}', '[']).repeat(chance.below(120))
    if (depth > 0 && chance.happens(0.3)) return value(chance, depth - 1)
    if (chance.happens(0.3)) return `{${letters.length}}\r\n${letters}`
    return chance.happens(0.5) ? `"${letters}"` : chance.of(['NIL', '12'])
  }
  return `(${Array.from({ length: count }, one).join(' ')})`
}

test('whatever a store answers, what is left has its lines, its balance and its bounds', () => {
  const chance = new Chance(Number(process.env['TRIBUTARY_SEED'] ?? 20_260_401))
  for (let nth = 0; nth < 300; nth += 1) {
    const answer = chance.of([ofStructure, ofEnvelope])(value(chance, chance.below(12)))
    const { left } = sifted(answer, chance)
    assert.equal(sifted(answer).left, left)

    assert.ok(left.endsWith(')\r\nA1 OK done\r\n'), answer)
    assert.ok(left.length < 20_000, `${left.length} of ${answer.length}`)
    assert.equal(sifted(`${answer}* 2 EXISTS\r\n`).left, `${left}* 2 EXISTS\r\n`)
  }
})
