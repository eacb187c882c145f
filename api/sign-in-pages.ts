/** The pages that whoever signs in sees: what a link leads to, and how it went. In English and in Vietnamese, as the browser asks. */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { assertNever } from '../src/assert-never.ts'
import type { OAuthWarning } from '../src/oauth/grant.ts'

interface PageText {
  readonly title: string
  readonly paragraphs: readonly string[]
  /** Where it goes on. */
  readonly link?: { readonly url: string; readonly text: string }
}

/** What a page is about. */
export interface PageFacts {
  readonly mailbox: string
  /** Null: mail is stored in that mailbox. */
  readonly into: string | null
}

/** `url`: the page of the account or destination here. */
export interface DoneFacts {
  readonly url: string
  readonly warning: OAuthWarning | null
}

interface Words {
  readonly begin: (facts: PageFacts, provider: string, url: string) => PageText
  readonly done: (facts: PageFacts, as: string | null, to: DoneFacts) => PageText
  readonly somebodyElse: (facts: PageFacts, as: string) => PageText
  readonly notTaken: () => PageText
  readonly linkOver: () => PageText
  readonly refused: (facts: PageFacts, reason: string) => PageText
  /** Of a page that may be loaded again. */
  readonly noAnswer: (server: string, reason: string) => PageText
  /** Of one that may not: the answer of the provider is used up. */
  readonly noAnswerBack: (server: string, reason: string) => PageText
}

export const feedsEn = ({ mailbox, into }: PageFacts) =>
  into === null
    ? `Mail that Tributary gathers will be stored in ${mailbox}.`
    : `Tributary will fetch the mail of ${mailbox}, and gather it in the mailbox ${into}.`
const feedsVi = ({ mailbox, into }: PageFacts) =>
  into === null
    ? `Thư mà Tributary gom sẽ được lưu vào ${mailbox}.`
    : `Tributary sẽ lấy thư của ${mailbox} và gom vào hộp thư ${into}.`

function warningEn({ code, atMs }: OAuthWarning): string {
  const on = new Date(atMs).toISOString().slice(0, 10)
  switch (code) {
    case 'google testing':
      return `This sign-in ends on ${on}: the application is in “Testing” at Google. Tell whoever runs Tributary to publish it, and sign in once more.`
    case 'no refresh token':
      return `The provider gave nothing to renew this sign-in with: it ends on ${on}. Tell whoever runs Tributary.`
    case 'scopes missing':
      return 'Not all that was asked for was agreed to, and mail may not come. Ask for another link, or begin anew in Tributary, and leave every box ticked.'
    case 'another audience':
      return 'What the provider gave is not for its mail servers, and mail may not come. Tell whoever runs Tributary to look at the scopes of the application.'
    default:
      return assertNever(code)
  }
}

function warningVi({ code, atMs }: OAuthWarning): string {
  const on = new Date(atMs).toISOString().slice(0, 10)
  switch (code) {
    case 'google testing':
      return `Lần đăng nhập này hết hạn vào ${on}: ứng dụng đang ở chế độ “Testing” của Google. Hãy báo người quản lý Tributary xuất bản nó, rồi đăng nhập lại.`
    case 'no refresh token':
      return `Nhà cung cấp không cho gì để gia hạn lần đăng nhập này: nó hết hạn vào ${on}. Hãy báo người quản lý Tributary.`
    case 'scopes missing':
      return 'Không phải mọi quyền được hỏi đều được đồng ý, và thư có thể không đến. Hãy xin liên kết khác, hoặc bắt đầu lại trong Tributary, và để nguyên mọi ô đã chọn.'
    case 'another audience':
      return 'Quyền mà nhà cung cấp đã cấp không dành cho máy chủ thư của họ, và thư có thể không đến. Hãy báo người quản lý Tributary xem lại scopes của ứng dụng.'
    default:
      return assertNever(code)
  }
}

const words: Readonly<Record<'en' | 'vi', Words>> = {
  en: {
    begin: (facts, provider, url) => ({
      title: `Sign in for ${facts.mailbox}`,
      paragraphs: [
        feedsEn(facts),
        'If you have not asked for this, or do not know that mailbox, close this page.',
        `Sign in as ${facts.mailbox}; as somebody else it is not taken. The button is good for ten minutes; after that, load this page again.`,
      ],
      link: { url, text: `Sign in at ${provider}` },
    }),
    done: (facts, as, { url, warning }) => ({
      title: 'Signed in',
      paragraphs: [
        as === null ? `You have signed in for ${facts.mailbox}.` : `You have signed in as ${as}.`,
        feedsEn(facts),
        ...(warning === null ? [] : [warningEn(warning)]),
        'You can close this page.',
      ],
      link: { url, text: `${facts.mailbox} in Tributary` },
    }),
    somebodyElse: (facts, as) => ({
      title: 'Signed in as somebody else',
      paragraphs: [
        `You have signed in as ${as}, but this mailbox is ${facts.mailbox}. Nothing was changed, and what you agreed to is not kept.`,
        `Open the link again, or begin anew in Tributary, and sign in as ${facts.mailbox}; the provider may want you to sign out first, or use a private window.`,
        `If ${as} is another name of the same mailbox, whoever runs Tributary sets the user here to ${as}, and you sign in once more.`,
      ],
    }),
    notTaken: () => ({
      title: 'This sign-in is over',
      paragraphs: [
        'It was made for another browser, or has been used, or is older than ten minutes, or the mailbox was changed or signed out meanwhile. Nothing was changed.',
        'Open the link that you were sent again, or begin anew in Tributary, and stay in one browser.',
      ],
    }),
    linkOver: () => ({
      title: 'This link is over',
      paragraphs: [
        'It has been used, or is older than seven days, or there is a newer one, or the mailbox was changed or signed out since. If you have signed in by it, nothing is to be done.',
        'Otherwise ask whoever sent it to you for a new one: in Tributary, on the page of that mailbox, “Make a link for its owner”.',
      ],
    }),
    refused: (facts, reason) => ({
      title: 'Not signed in',
      paragraphs: [
        `The provider did not let Tributary into ${facts.mailbox}: ${reason}.`,
        'Nothing was changed. To try once more, open the link that you were sent again, or begin anew in Tributary.',
      ],
    }),
    noAnswer: (server, reason) => ({
      title: 'The provider does not answer',
      paragraphs: [`${server}: ${reason}.`, 'Nothing was changed. Load this page again in a moment.'],
    }),
    noAnswerBack: (server, reason) => ({
      title: 'The provider does not answer',
      paragraphs: [
        `${server}: ${reason}.`,
        'Nothing was changed. In a moment, open the link that you were sent again, or begin anew in Tributary.',
      ],
    }),
  },
  vi: {
    begin: (facts, provider, url) => ({
      title: `Đăng nhập cho ${facts.mailbox}`,
      paragraphs: [
        feedsVi(facts),
        'Nếu bạn không yêu cầu việc này, hoặc không biết hộp thư đó, hãy đóng trang này.',
        `Hãy đăng nhập bằng ${facts.mailbox}; tài khoản khác sẽ không được chấp nhận. Nút này có hiệu lực trong mười phút; sau đó hãy tải lại trang.`,
      ],
      link: { url, text: `Đăng nhập tại ${provider}` },
    }),
    done: (facts, as, { url, warning }) => ({
      title: 'Đã đăng nhập',
      paragraphs: [
        as === null ? `Bạn đã đăng nhập cho ${facts.mailbox}.` : `Bạn đã đăng nhập với tên ${as}.`,
        feedsVi(facts),
        ...(warning === null ? [] : [warningVi(warning)]),
        'Bạn có thể đóng trang này.',
      ],
      link: { url, text: `${facts.mailbox} trong Tributary` },
    }),
    somebodyElse: (facts, as) => ({
      title: 'Đã đăng nhập bằng tài khoản khác',
      paragraphs: [
        `Bạn đã đăng nhập với tên ${as}, nhưng hộp thư này là ${facts.mailbox}. Không có gì thay đổi, và sự đồng ý của bạn không được giữ lại.`,
        `Hãy mở lại liên kết, hoặc bắt đầu lại trong Tributary, và đăng nhập bằng ${facts.mailbox}; có thể bạn phải đăng xuất trước, hoặc dùng cửa sổ riêng tư.`,
        `Nếu ${as} là tên khác của cùng hộp thư, người quản lý Tributary đặt người dùng ở đây thành ${as}, rồi bạn đăng nhập lại.`,
      ],
    }),
    notTaken: () => ({
      title: 'Lần đăng nhập này không còn hiệu lực',
      paragraphs: [
        'Nó được tạo cho trình duyệt khác, hoặc đã được dùng, hoặc đã quá mười phút, hoặc trong lúc đó hộp thư đã được thay đổi hay đăng xuất. Không có gì thay đổi.',
        'Hãy mở lại liên kết bạn nhận được, hoặc bắt đầu lại trong Tributary, và dùng cùng một trình duyệt.',
      ],
    }),
    linkOver: () => ({
      title: 'Liên kết này không còn hiệu lực',
      paragraphs: [
        'Nó đã được dùng, hoặc đã quá bảy ngày, hoặc có liên kết mới hơn, hoặc hộp thư đã thay đổi hay đăng xuất từ đó. Nếu bạn đã đăng nhập bằng nó thì không cần làm gì nữa.',
        'Nếu chưa, hãy xin người đã gửi một liên kết mới: trong Tributary, ở trang của hộp thư đó, “Tạo liên kết cho chủ hộp thư”.',
      ],
    }),
    refused: (facts, reason) => ({
      title: 'Chưa đăng nhập được',
      paragraphs: [
        `Nhà cung cấp không cho Tributary vào ${facts.mailbox}: ${reason}.`,
        'Không có gì thay đổi. Để thử lần nữa, hãy mở lại liên kết bạn nhận được, hoặc bắt đầu lại trong Tributary.',
      ],
    }),
    noAnswer: (server, reason) => ({
      title: 'Nhà cung cấp không trả lời',
      paragraphs: [`${server}: ${reason}.`, 'Không có gì thay đổi. Hãy tải lại trang này sau giây lát.'],
    }),
    noAnswerBack: (server, reason) => ({
      title: 'Nhà cung cấp không trả lời',
      paragraphs: [
        `${server}: ${reason}.`,
        'Không có gì thay đổi. Lát nữa hãy mở lại liên kết bạn nhận được, hoặc bắt đầu lại trong Tributary.',
      ],
    }),
  },
}

/** The first of both languages that the browser wants. */
function languageOf(request: FastifyRequest): 'en' | 'vi' {
  const wanted = /(?:^|[\s,])(en|vi)\b/i.exec(request.headers['accept-language'] ?? '')?.[1]
  return wanted?.toLowerCase() === 'vi' ? 'vi' : 'en'
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
  write: (words: Words) => PageText,
): Promise<FastifyReply> {
  const language = languageOf(request)
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
