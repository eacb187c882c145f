/** What the page on which mail is written decides by itself: addresses, subjects, quotes, who is answered, as whom, and what was forgotten. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { pageModule } from '../support/page-module.ts'

interface Addressee {
  readonly name: string | null
  readonly address: string
}
interface Person {
  readonly name: string | null
  readonly address: string | null
}
interface Mail {
  readonly from: Person | null
  readonly to: readonly Person[]
  readonly cc: readonly Person[]
  readonly replyTo: readonly Person[]
  readonly listPost: string | null
  readonly followUpTo: string | null
}
interface Sender {
  readonly accountId: string
  readonly address: string
  readonly default: boolean
}
interface Decisions {
  addresseesIn(text: string): Addressee[]
  faultOf(address: string): string | undefined
  written(one: Addressee): string
  networkName(one: Addressee): string | undefined
  replySubject(subject: string): string
  forwardSubject(subject: string): string
  quoted(text: string): string
  ownWords(text: string): string
  signatureBlock(signature: string, place: string): string
  withSignature(text: string, was: string, is: string, place: string): string | undefined
  speaksOfAttachment(text: string): boolean
  recipientsOf(kind: string, message: Mail, own: ReadonlySet<string>): { to: Addressee[]; cc: Addressee[] }
  identityFor(
    identities: readonly Sender[],
    message: unknown,
    folders?: ReadonlyMap<string, string>,
  ): Sender | undefined
}

let page: Decisions
before(async () => {
  const names = ['addresses', 'subject', 'quoting', 'forgotten', 'answers']
  const modules = await Promise.all(
    names.map(async (name) => await pageModule<object>(`dashboard/pages/compose/${name}.ts`)),
  )
  page = Object.assign({}, ...modules) as Decisions
})

const ada = { name: 'Ada', address: 'ada@example.org' }
const bare = (address: string) => ({ name: null, address })

test('lists of addresses are taken as other programs write them', () => {
  for (const [text, ...wanted] of [
    ['ada@example.org', bare('ada@example.org')],
    [' Ada <ada@example.org> , b@example.org;', ada, bare('b@example.org')],
    ['ada@example.org (Ada)', ada],
    ['a@x.example b@x.example', bare('a@x.example'), bare('b@x.example')],
    ['a@x.example\nb@x.example\r\n\tc@x.example', bare('a@x.example'), bare('b@x.example'), bare('c@x.example')],
    ['"Lovelace, Ada" <ada@example.org>, b@x.example', { ...ada, name: 'Lovelace, Ada' }, bare('b@x.example')],
    ['Lovelace, Ada <ada@example.org>', { ...ada, name: 'Lovelace, Ada' }],
    [
      'Lovelace, Ada <ada@example.org>; Babbage, Charles <c@x.example>',
      { ...ada, name: 'Lovelace, Ada' },
      { name: 'Babbage, Charles', address: 'c@x.example' },
    ],
    ['Friends: a@x.example, Ada <ada@example.org>;', bare('a@x.example'), ada],
    ['mailto:ada@example.org', bare('ada@example.org')],
    ['"ada@example.org" <ada@example.org>', bare('ada@example.org')],
    ['"A \\"Q\\" B" <ada@example.org>', { ...ada, name: 'A "Q" B' }],
    ['用户@例子.广告, jürgen@bücher.example', bare('用户@例子.广告'), bare('jürgen@bücher.example')],
    ['nonsense; c@x.example', bare('nonsense'), bare('c@x.example')],
    ['nonsense, c@x.example', bare('nonsense'), bare('c@x.example')],
    ['ada', bare('ada')],
    [''],
    [' , ;\n'],
  ] as const)
    assert.deepEqual(page.addresseesIn(text), wanted, text)
})

test('what cannot be an address is told while it is typed', () => {
  for (const [address, fault] of [
    ['ada@example.org', undefined],
    ['ada+x.y@sub.example.org', undefined],
    ['"a b"@example.org', undefined],
    ['用户@例子.广告', undefined],
    ['ada@[192.0.2.1]', undefined],
    ['ada', 'no at'],
    ['@example.org', 'no at'],
    ['ada@', 'no domain'],
    ['ada@example', 'no domain'],
    ['ada@example..org', 'no domain'],
    ['ada lovelace@example.org', 'spaces'],
    ['ada@exam ple.org', 'spaces'],
    ['a@b@example.org', 'signs'],
    ['ada.@example.org', 'signs'],
    ['ada@exa_mple.org', 'signs'],
    [`${'a'.repeat(65)}@example.org`, 'too long'],
  ] as const)
    assert.equal(page.faultOf(address), fault, address)
  assert.equal(page.networkName(bare('a@bücher.example')), 'xn--bcher-kva.example')
  assert.equal(page.networkName(ada), undefined)
  for (const one of [ada, { ...ada, name: 'Lovelace, Ada' }, { ...ada, name: 'A "Q" B' }, bare('a@b.example')])
    assert.deepEqual(page.addresseesIn(page.written(one)), [one])
})

test('Re: and Fwd: stand once, whatever stood there', () => {
  for (const [subject, reply, forward] of [
    ['Hello', 'Re: Hello', 'Fwd: Hello'],
    ['', 'Re:', 'Fwd:'],
    ['Re: Hello', 'Re: Hello', 'Fwd: Re: Hello'],
    ['RE: AW: Re[2]: Hello', 'Re: Hello', 'Fwd: RE: AW: Re[2]: Hello'],
    ['回复：你好', 'Re: 你好', 'Fwd: 回复：你好'],
    ['WG: Hallo', 'Re: WG: Hallo', 'Fwd: Hallo'],
    ['RV: hola', 'Re: RV: hola', 'Fwd: hola'],
    ['TR : bonjour', 'Re: TR : bonjour', 'Fwd: bonjour'],
    ['FW: Fwd: x', 'Re: FW: Fwd: x', 'Fwd: x'],
    ['Regarding: x', 'Re: Regarding: x', 'Fwd: Regarding: x'],
  ] as const) {
    assert.equal(page.replySubject(subject), reply)
    assert.equal(page.forwardSubject(subject), forward)
  }
})

test('a quote has a mark at each line, and neither signature nor empty ends', () => {
  assert.equal(page.quoted('\nHello\r\n\r\n> old\n>> older\n\n-- \nAda'), '> Hello\n>\n>> old\n>>> older')
  assert.equal(page.ownWords('Mine\n> attached\nmore\n-- \nattached'), 'Mine\nmore')
  assert.equal(page.ownWords('Mine\n\n---------- Forwarded ----------\nattached'), 'Mine\n\n')
})

test('the signature goes with the identity, unless somebody has changed it', () => {
  const text = `Hello${page.signatureBlock('Ada', 'end')}`
  assert.equal(text, 'Hello\n\n-- \nAda')
  assert.equal(page.withSignature(text, 'Ada', 'Charles', 'end'), 'Hello\n\n-- \nCharles')
  assert.equal(page.withSignature(text, 'Ada', '', 'end'), 'Hello')
  assert.equal(page.withSignature('Hello', '', 'Ada', 'end'), text)
  assert.equal(page.withSignature('Hello\n\n-- \nA.', 'Ada', 'Charles', 'end'), undefined)
  assert.equal(page.withSignature('\n\nAda\n\n> q', 'Ada', 'C', 'before the quote'), '\n\nC\n\n> q')
})

test('a word of an attachment is heard in six languages, and not in others', () => {
  for (const text of [
    'The plan is attached.',
    'See the attachment',
    'Please find enclosed the plan',
    'Siehe Anhang.',
    'anbei der Plan',
    'in der Anlage',
    'Adjunto el plan',
    'les envío los archivos adjuntos',
    'Vous trouverez ci-joint le plan',
    'en pièce jointe',
    '添付ファイルをご覧ください',
    'Tôi gửi kèm bản kế hoạch',
    'xem tệp đính kèm',
  ])
    assert.equal(page.speaksOfAttachment(text), true, text)
  for (const text of [
    '',
    'I am quite detached',
    'die Kläranlage',
    'a joint venture',
    'enclosed space',
    'Anhängerkupplung',
  ])
    assert.equal(page.speaksOfAttachment(text), false, text)
})

const own = new Set(['me@example.net', 'me@old.example'])
const mail = (part: Partial<Mail>): Mail => ({
  from: ada,
  to: [bare('me@example.net')],
  cc: [],
  replyTo: [],
  listPost: null,
  followUpTo: null,
  ...part,
})
const answered = (kind: string, part: Partial<Mail>) => {
  const { to, cc } = page.recipientsOf(kind, mail(part), own)
  return [to, cc].map((people) => people.map(({ address }) => address).join(' ')).join(' | ')
}

test('an answer goes to Reply-To, or to the sender; an answer to all leaves out one’s own addresses, and names nobody twice', () => {
  const cc = [bare('c@x.example'), bare('ME@old.example'), bare('Ada@Example.org')]
  assert.equal(answered('reply', {}), 'ada@example.org | ')
  assert.equal(answered('reply', { replyTo: [bare('office@x.example')], cc }), 'office@x.example | ')
  assert.equal(
    answered('all', { to: [bare('ME@example.net'), bare('b@x.example')], cc }),
    'ada@example.org b@x.example | c@x.example',
  )
  assert.equal(answered('all', { cc: [{ name: 'undisclosed-recipients', address: null }] }), 'ada@example.org | ')
  assert.equal(answered('forward', { cc }), ' | ')
})

test('what one has sent is answered to its recipients; who writes to themselves answers themselves', () => {
  const sent = { from: bare('me@example.net'), to: [bare('b@x.example')], cc: [bare('c@x.example')] }
  assert.equal(answered('reply', sent), 'b@x.example | ')
  assert.equal(answered('all', sent), 'b@x.example | c@x.example')
  const self = { from: bare('me@example.net'), to: [bare('me@old.example')] }
  assert.equal(answered('reply', self), 'me@example.net | ')
  assert.equal(answered('all', self), 'me@example.net | ')
})

test('lists: Mail-Followup-To for all, List-Post for the list, and the writer for one though the list set Reply-To', () => {
  const list = { to: [bare('list@x.example')], listPost: 'list@x.example', replyTo: [bare('List@x.example')] }
  assert.equal(answered('reply', list), 'ada@example.org | ')
  assert.equal(answered('all', list), 'ada@example.org list@x.example | ')
  assert.equal(answered('list', list), 'list@x.example | ')
  assert.equal(answered('all', { ...list, followUpTo: 'list@x.example, Me <me@example.net>' }), 'list@x.example | ')
})

test('an answer is written as the account that the mail came by, else as who it was sent to', () => {
  const one = (accountId: string, address: string, isDefault = false) => ({ accountId, address, default: isDefault })
  const all = [one('1', 'me@example.net'), one('2', 'Me@old.example'), one('3', 'club@x.example', true)]
  const asked = (part: object) =>
    page.identityFor(all, { ...mail({}), folder: 'INBOX', trace: null, ...part }, new Map([['2', 'Old']]))?.accountId
  assert.equal(asked({ trace: { account: 'me@OLD.example' } }), '2')
  assert.equal(asked({ trace: { account: 'gone@x.example' } }), '1')
  assert.equal(asked({ to: [bare('list@x.example')], folder: 'Old' }), '2')
  assert.equal(asked({ to: [bare('list@x.example')] }), '3')
  assert.equal(page.identityFor(all, undefined)?.accountId, '3')
  assert.equal(page.identityFor([], undefined), undefined)
})
