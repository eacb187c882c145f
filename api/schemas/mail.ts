/** `/destinations/:id/folders` and `/messages` on the wire. */
import { type Static, Type } from 'typebox'
import { repetitions } from '../../src/mail/calendar.ts'
import { withholdings } from '../../src/mail/html.ts'
import { folderUses } from '../../src/imap/reading.ts'
import { Id, Page } from './requests.ts'
import { count, example, like, orNull, strict, text, time } from './vocabulary.ts'

const folderPath = Type.String({ description: 'path, as the list of folders has it', ...like('INBOX') })
export const Folder = Type.Object({
  path: folderPath,
  name: Type.String({ description: 'of the last level', ...like('INBOX') }),
  depth: Type.Integer({ description: '0: at the top', ...like(0) }),
  use: orNull(Type.Enum([...folderUses]), 'what the store keeps there (RFC 6154)'),
  messages: count,
  unseen: count,
  selectable: Type.Boolean({ description: 'false: a level in the path of others, without messages', ...like(true) }),
})
export const Folders = Type.Object({ items: Type.Array(Folder) })
export type Folders = Static<typeof Folders>

const person = Type.Object({
  name: orNull(Type.String(like('Ada Lovelace'))),
  address: orNull(Type.String(like('ada@example.org'))),
})
const uid = Type.Integer({ description: 'in its folder, while uidValidity is the same', ...like(4711) })
const uidValidity = Type.Integer(like(1_764_000_000))
const flags = {
  seen: Type.Boolean(),
  flagged: Type.Boolean(),
}
const heading = {
  from: orNull(person),
  subject: orNull(Type.String(like('Analytical engines'))),
  date: orNull(time, 'as the message has it'),
  arrived: orNull(time, 'INTERNALDATE of the store'),
  size: Type.Integer({ description: 'octets', ...like(48_213) }),
  ...flags,
  answered: Type.Boolean(),
}
export const MailList = Type.Object({
  items: Type.Array(
    Type.Object({
      uid,
      ...heading,
      attachments: Type.Boolean({ description: 'it has some that are not inline' }),
      snippet: orNull(
        Type.String(like('The engine might act upon other things besides number')),
        'the first words of its text',
      ),
      unreadable: Type.Boolean({
        description: 'the store tells of it what stands here and nothing more that could be read; it can be downloaded',
      }),
    }),
  ),
  next: orNull(Type.String()),
  total: Type.Integer({ description: 'that fit, in the folder', ...like(240) }),
  offset: Type.Integer({ description: 'how many of them stand before the first item', ...like(0) }),
  searched: orNull(
    Type.Object({
      messages: Type.Integer({ description: 'in the folder', ...like(50_000) }),
      text: Type.Integer({ description: 'of these, the last ones were searched whole by the store', ...like(50_000) }),
      folded: Type.Integer({
        description:
          'of these, the newest were searched in sender, recipients, subject and first words, letters with marks being the same as those without',
        ...like(10_000),
      }),
      spellings: Type.Array(Type.String(like('đơn hàng')), { description: 'that were searched whole as well' }),
    }),
    'where the words were looked for; null where there are none',
  ),
  uidValidity,
})
export type MailList = Static<typeof MailList>

const calendarTime = Type.Object({
  at: orNull(time, 'null: a whole day, or a time in a zone that nobody knows'),
  local: Type.String({
    description: 'as its calendar shows it; without a time: a whole day',
    ...like('2026-11-24T09:30:00'),
  }),
  zone: orNull(Type.String(like('Europe/Berlin'))),
})
export const Mail = Type.Object({
  uid,
  folder: folderPath,
  uidValidity,
  ...heading,
  replyTo: Type.Array(person),
  to: Type.Array(person),
  cc: Type.Array(person),
  bcc: Type.Array(person, { description: 'of a draft, and of what was sent' }),
  messageId: orNull(Type.String(like('<1@example.org>'))),
  listPost: orNull(Type.String(like('list@example.org')), 'the address of the list that it came by (RFC 2369)'),
  followUpTo: orNull(
    Type.String(like('Ada <ada@example.org>, list@example.org')),
    'Mail-Followup-To: where its author wants answers to all to go',
  ),
  text: orNull(Type.String(like('Dear Charles, …')), 'null: it has none but HTML'),
  html: Type.Boolean({ description: 'there is HTML to show' }),
  withheld: orNull(
    Type.Enum([...withholdings]),
    'why there is none to show, though the message has some; slow: it takes too long to make it harmless, failed: it cannot be made so, busy: too many are being read just now',
  ),
  remote: Type.Boolean({ description: 'the HTML names content that lies elsewhere' }),
  incomplete: Type.Boolean({
    description: 'it has more addresses or parts, or longer names, than are read; all of it can be downloaded',
  }),
  truncated: Type.Boolean({ description: 'text or HTML is longer than 1 MB, and ends there' }),
  attachments: Type.Array(
    Type.Object({
      part: Type.String(like('2.1')),
      filename: orNull(Type.String(like('engine.pdf'))),
      type: Type.String(like('application/pdf')),
      size: Type.Integer({ description: 'octets, nearly: the store counts them encoded', ...like(120_400) }),
      inline: Type.Boolean({ description: 'meant to be seen in the text' }),
      inText: Type.Boolean({ description: 'the HTML shows it in its place' }),
    }),
  ),
  events: Type.Array(
    Type.Object({
      summary: orNull(Type.String(like('Dinner with Charles'))),
      location: orNull(Type.String(like('1 Dorset Street'))),
      start: orNull(calendarTime),
      end: orNull(calendarTime, 'of whole days: the day after the last one'),
      organizer: orNull(person),
      attendees: Type.Array(person),
      cancelled: Type.Boolean(),
      repeats: orNull(Type.Enum([...repetitions]), 'otherwise: in another way than every day, week, month or year'),
    }),
    { description: 'of its calendar parts (RFC 5545)' },
  ),
  trace: orNull(
    Type.Object({
      account: Type.String({ description: 'its address', ...like('me@example.net') }),
      provider: Type.String({ description: 'the host it was gathered from', ...like('pop.example.net') }),
      run: Type.String(like(example.id)),
      gatheredAt: orNull(time),
    }),
    'what its trace block says of how it came here; null where it has none',
  ),
})
export type Mail = Static<typeof Mail>

const folder = text(1000, 'INBOX')
export const MailQuery = Type.Object(
  {
    ...Page.properties,
    folder,
    search: Type.Optional(
      Type.String({
        maxLength: 200,
        description: 'words without control characters, anywhere in the message',
      }),
    ),
    unread: Type.Boolean({ default: false }),
    uid: Type.Optional(Type.Integer({ minimum: 1, maximum: 4_294_967_295, description: 'begins with this message' })),
    before: Type.Optional(
      Type.String({
        pattern: '^\\d{4}-[01]\\d-[0-3]\\dT[0-2]\\d:[0-5]\\d:[0-5]\\d(\\.\\d{1,3})?Z$',
        description: 'ISO 8601, UTC: begins with the first message that arrived before this time',
        ...like('2026-11-24T08:30:00.000Z'),
      }),
    ),
    offset: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 4_294_967_295, description: 'begins behind so many messages' }),
    ),
  },
  strict,
)
export type MailQuery = Static<typeof MailQuery>
const mailPlace = { folder, uidValidity: Type.Optional(Type.Integer({ minimum: 1, maximum: 4_294_967_295 })) }
export const MailPlace = Type.Object(mailPlace, {
  ...strict,
  description: 'with uidValidity: 409 where the UIDs of the folder are others by now',
})
export const MailShown = Type.Object(
  {
    ...mailPlace,
    remote: Type.Boolean({ default: false, description: 'with images from elsewhere' }),
    dark: Type.Boolean({ default: false, description: 'for a dark page: light letters on a dark ground' }),
  },
  strict,
)
export const MailId = Type.Object({
  ...Id.properties,
  uid: Type.String({ pattern: '^[1-9]\\d{0,9}$', description: 'a UID' }),
})
export const MailPart = Type.Object({
  ...MailId.properties,
  part: Type.String({ pattern: '^[1-9]\\d{0,3}(\\.[1-9]\\d{0,3}){0,30}$', description: 'the number of a part' }),
})
export const MailFlags = Type.Partial(Type.Object(flags), { ...strict, ...like({ seen: true }) })
export const MailFlagged = Type.Object({ uid, ...flags })
