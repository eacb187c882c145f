import type { GuideWords } from '../guides.ts'
import { google } from './guide-google-vi.ts'
import { microsoft } from './guide-microsoft-vi.ts'
import { save, signIn, tried } from './guide-shared-vi.ts'

export const guides: GuideWords = {
  google,
  microsoft,
  fastmail: {
    name: 'Fastmail',
    lead: 'Mật khẩu ứng dụng là cách dễ nhất. Mật khẩu thường bị từ chối, và gói Basic không cho chương trình thư nào vào.',
    steps: {
      appPassword: {
        title: 'Tạo mật khẩu ứng dụng',
        acts: [
          'Mở trang: đó là “Settings”, “Privacy & Security”, “Integrations” (có nơi là “Manage app passwords and access”).',
          'Bấm “New app password”, và gõ mật khẩu của bạn khi được hỏi.',
          'Chọn một tên, ví dụ tên dưới đây, và quyền đọc thư, gồm cả POP. Bấm “Generate password”.',
          'Sao chép lại. Nó chỉ hiện một lần.',
        ],
        done: 'tên đó nằm trong danh sách mật khẩu ứng dụng.',
      },
      try: tried,
      register: {
        title: 'Xin Fastmail một client id',
        acts: [
          'Fastmail đăng ký ứng dụng bằng tay: hãy viết cho nhóm phát triển của họ, như trang này hướng dẫn. Nếu chỉ cho riêng bạn, mật khẩu ứng dụng đỡ mất công hơn.',
          'Gửi cho họ địa chỉ chuyển hướng, phải là https: hoặc http://localhost, và hai phạm vi (scope) này. Không có mã bí mật.',
        ],
        done: 'họ đã gửi cho bạn một client id.',
      },
      save,
      signIn,
    },
  },
  yahoo: {
    name: 'Yahoo',
    lead: 'Yahoo đòi mật khẩu ứng dụng thay cho mật khẩu của bạn. Chương trình mới không có cách đăng nhập nào khác.',
    steps: {
      appPassword: {
        title: 'Tạo mật khẩu ứng dụng',
        acts: [
          'Mở trang trong trình duyệt mà bạn đã dùng Yahoo vài ngày nay, không phải cửa sổ ẩn danh: nếu không Yahoo sẽ từ chối.',
          'Dưới “External connections”, bấm “Create app password”.',
          'Gõ một tên, ví dụ tên dưới đây, rồi bấm “Generate password”.',
          'Sao chép lại, rồi bấm “Done”. Nó dùng được cho đến khi bạn xóa ở đó, kể cả khi bạn đổi mật khẩu của mình.',
        ],
        done: 'nó được tính ở “External connections”.',
      },
      try: tried,
    },
  },
  aol: {
    name: 'AOL',
    lead: 'AOL đòi mật khẩu ứng dụng thay cho mật khẩu của bạn. Chương trình mới không có cách đăng nhập nào khác.',
    steps: {
      appPassword: {
        title: 'Tạo mật khẩu ứng dụng',
        acts: [
          'Mở trang trong trình duyệt mà bạn đã dùng AOL vài ngày nay, không phải cửa sổ ẩn danh: nếu không AOL sẽ từ chối.',
          'Bấm “Generate app password” (có nơi là “Create app password” dưới “External connections”), rồi “Get Started” nếu có.',
          'Gõ một tên, ví dụ tên dưới đây, rồi bấm “Generate password”.',
          'Sao chép lại, rồi bấm “Done”. Nó dùng được cho đến khi bạn xóa ở đó, kể cả khi bạn đổi mật khẩu của mình.',
        ],
        done: 'tên đó nằm ở “Generate and manage app passwords”.',
      },
      try: tried,
    },
  },
  gmx: {
    name: 'GMX',
    lead: 'Mật khẩu của bạn dùng được sau khi bật POP3 trong phần cài đặt. Trước đó không chương trình nào vào được, và GMX tự tắt nếu lâu không dùng. Địa chỉ gmx.com dùng pop.gmx.com.',
    steps: {
      twoFactor: {
        title: 'Nếu dùng đăng nhập hai lớp: tạo mật khẩu ứng dụng',
        acts: [
          'Không dùng đăng nhập hai lớp thì bỏ qua bước này: mật khẩu của bạn là đúng.',
          'Nếu có, đăng nhập GMX, bấm “Mein Account” (tài khoản của tôi), “Sicherheit” (bảo mật), “Anwendungsspezifische Passwörter”; trang này chỉ rõ.',
          'Bấm “Jetzt anwendungsspezifisches Passwort einrichten” và sao chép lại. Nó chỉ hiện một lần.',
        ],
        done: 'mật khẩu đó nằm trong danh sách ở đó.',
      },
      pop: {
        title: 'Bật POP3',
        acts: [
          'Đăng nhập GMX trên máy tính và mở “E-Mail”. Trang thứ hai chỉ từng bước, trang thứ ba là của gmx.com.',
          'Bấm “Einstellungen” (cài đặt), rồi “POP3/IMAP Abruf”.',
          'Đánh dấu “POP3 und IMAP Zugriff erlauben” (cho phép truy cập), rồi bấm “Speichern” (lưu).',
          'Nếu sau đó bạn mới bật đăng nhập hai lớp thì phải làm lại bước này.',
        ],
        done: 'mở lại trang mà dấu vẫn còn.',
      },
      try: tried,
    },
  },
  'web-de': {
    name: 'WEB.DE',
    lead: 'Mật khẩu của bạn dùng được sau khi bật POP3 trong phần cài đặt. Tên người dùng là phần đứng trước @.',
    steps: {
      twoFactor: {
        title: 'Nếu dùng đăng nhập hai lớp: tạo mật khẩu ứng dụng',
        acts: [
          'Không dùng đăng nhập hai lớp thì bỏ qua bước này: mật khẩu của bạn là đúng.',
          'Nếu có, đăng nhập WEB.DE, bấm “Mein Account” (tài khoản của tôi), “Sicherheit” (bảo mật), “Anwendungsspezifische Passwörter” và tạo một mật khẩu ở đó; trang này chỉ rõ.',
        ],
        done: 'mật khẩu đó nằm trong danh sách ở đó.',
      },
      pop: {
        title: 'Bật POP3',
        acts: [
          'Đăng nhập WEB.DE trên máy tính và mở “E-Mail”. Trang thứ hai chỉ từng bước.',
          'Bấm “Einstellungen” (cài đặt), rồi “POP3/IMAP Abruf”.',
          'Đánh dấu “POP3 und IMAP Zugriff erlauben” (cho phép truy cập), rồi bấm “Speichern” (lưu).',
          'Nếu sau đó bạn mới bật đăng nhập hai lớp thì phải làm lại bước này.',
        ],
        done: 'mở lại trang mà dấu vẫn còn.',
      },
      try: tried,
    },
  },
  't-online': {
    name: 'T-Online (Telekom)',
    lead: 'Chương trình thư cần mật khẩu riêng, gọi là “Passwort für E-Mail-Programme” hoặc “E-Mail-Passwort”. Mật khẩu của trang web bị từ chối.',
    steps: {
      mailPassword: {
        title: 'Đặt mật khẩu cho thư',
        acts: [
          'Đăng nhập trung tâm thư.',
          'Bấm “Menü” phía trên danh sách hộp thư, “Einstellungen” (cài đặt), “Passwörter” (mật khẩu).',
          'Ở mật khẩu cho chương trình thư, bấm “Jetzt ändern” (đổi ngay), chọn mật khẩu khác với mật khẩu trang web, rồi bấm “Speichern” (lưu).',
        ],
        done: 'trang báo mật khẩu đã được đổi.',
      },
      try: tried,
    },
  },
  icloud: {
    name: 'iCloud',
    lead: 'iCloud không hề có POP3, nên không thể lấy thư từ đó. Nhưng iCloud có thể chuyển tiếp thư.',
    steps: {
      target: {
        title: 'Chọn nơi chuyển tiếp đến',
        acts: [
          'Dùng một địa chỉ mà Tributary đang gom thư, ở nhà cung cấp có POP3. Nếu có tên miền riêng, bạn dễ tạo một địa chỉ chỉ để làm việc này.',
        ],
        done: 'tài khoản của địa chỉ đó ở đây đang cập nhật.',
      },
      forward: {
        title: 'Bật chuyển tiếp',
        acts: [
          'Đăng nhập iCloud Mail, mở phần cài đặt phía trên danh sách hộp thư, chọn “Mail Forwarding” (một số bản là “Preferences”, “General”). Trang thứ hai là của chính Apple.',
          'Đánh dấu “Forward my email to” và gõ địa chỉ.',
          'Đừng bật “Delete messages after forwarding” cho đến khi bạn thấy vài tuần liền không thiếu thư nào.',
        ],
        done: 'thư bạn gửi đến địa chỉ iCloud về đến đây qua địa chỉ kia.',
      },
      old: {
        title: 'Thư đã có từ trước',
        acts: [
          'Chỉ thư mới được chuyển tiếp. Thư cũ nên chép một lần bằng chương trình thư có cả hai hộp thư, qua IMAP.',
        ],
        done: 'hai hộp thư có cùng những thư đó.',
      },
    },
  },
  custom: {
    name: 'Nhà cung cấp khác',
    lead: 'Phần lớn nhà cung cấp nhận tên người dùng và mật khẩu. Thiết lập thường được tìm ra từ địa chỉ thư.',
    steps: {
      ask: {
        title: 'Hỏi nhà cung cấp, hoặc xem trang trợ giúp của họ',
        acts: [
          'Máy chủ POP3 là gì, và có phải bật POP3 trong cài đặt hộp thư không.',
          'Tên người dùng có phải là cả địa chỉ không.',
          'Chương trình thư có cần mật khẩu riêng không: dùng đăng nhập hai lớp thì thường là có.',
        ],
        done: 'bạn biết máy chủ, tên người dùng và mật khẩu.',
      },
      try: tried,
      issuer: {
        title: 'Xem ở đó có đăng nhập được không',
        acts: [
          'Cách này dành cho nhà cung cấp, hoặc công ty của bạn, có máy chủ OAuth 2.0 hay OpenID Connect.',
          'Hỏi họ issuer là gì, gõ vào đây rồi hỏi máy chủ.',
        ],
      },
      register: {
        title: 'Đăng ký một ứng dụng',
        acts: [
          'Đăng ký ở đó một client cho web (authorization code kèm PKCE).',
          'Cho nó địa chỉ chuyển hướng.',
          'Sao chép client id, và mã bí mật nếu có.',
        ],
        done: 'bạn đã có một client id.',
      },
      save,
      signIn,
    },
  },
}
