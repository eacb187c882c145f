/** Tiếng Việt. */
import { assertNever } from '../../src/assert-never.ts'
import type { OAuthWarning } from '../../src/oauth/grant.ts'
import type { PageFacts, SignInWords } from './words.ts'

const feedsVi = ({ mailbox, into }: PageFacts) =>
  into === null
    ? `Thư mà Tributary gom sẽ được lưu vào ${mailbox}.`
    : `Tributary sẽ lấy thư của ${mailbox} và gom vào hộp thư ${into}.`

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

export const vi: SignInWords = {
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
}
