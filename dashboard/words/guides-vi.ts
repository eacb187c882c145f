import type { GuideWords } from '../guides.ts'

const tried = {
  title: 'Thử ngay tại đây',
  acts: ['Gõ địa chỉ và mật khẩu. Chỉ thử đăng nhập: không lấy thư nào, không lưu gì cả.'],
}

export const guides: GuideWords = {
  google: {
    name: 'Gmail và Google Workspace',
    lead: 'Mật khẩu ứng dụng là cách dễ nhất: mất mười phút và không tự hết hạn. Mật khẩu thường bị từ chối.',
    steps: {
      twoSteps: {
        title: 'Bật Xác minh 2 bước',
        acts: [
          'Mở trang và đăng nhập bằng tài khoản cần gom thư.',
          'Bấm “Turn on 2-Step Verification” (bật Xác minh 2 bước) và làm đến cuối. Chưa bật thì Google không cho tạo mật khẩu ứng dụng.',
        ],
      },
      appPassword: {
        title: 'Tạo mật khẩu ứng dụng',
        acts: [
          'Mở trang. Nếu trang báo không dùng được, quản trị viên Workspace của bạn đã tắt mật khẩu ứng dụng.',
          'Gõ một tên, ví dụ “Tributary”, rồi bấm “Create” (tạo).',
          'Sao chép 16 chữ cái. Chúng chỉ hiện một lần; dấu cách không quan trọng.',
        ],
      },
      pop: {
        title: 'Bật POP',
        acts: [
          'Mở trang: đó là “Settings”, “Forwarding and POP/IMAP” của Gmail.',
          'Chọn “Enable POP for all mail” (cho mọi thư) hoặc “for mail that arrives from now on” (chỉ thư từ nay).',
          'Ở “When messages are accessed with POP”, chọn “keep Gmail’s copy in the Inbox”, rồi bấm “Save Changes”.',
        ],
      },
      try: tried,
    },
  },
  microsoft: {
    name: 'Outlook.com, Hotmail và Microsoft 365',
    lead: 'Microsoft không còn nhận mật khẩu của bạn, kể cả mật khẩu ứng dụng: hãy cho hộp thư chuyển tiếp thư.',
    steps: {},
  },
  fastmail: {
    name: 'Fastmail',
    lead: 'Mật khẩu ứng dụng là cách dễ nhất. Mật khẩu thường bị từ chối.',
    steps: {
      appPassword: {
        title: 'Tạo mật khẩu ứng dụng',
        acts: [
          'Mở trang: đó là “Settings”, “Privacy & Security”, “Integrations”.',
          'Ở “App passwords”, bấm “New app password”.',
          'Gõ một tên, ví dụ “Tributary”, chọn quyền đọc thư qua POP, rồi bấm “Generate password”.',
          'Sao chép lại. Nó chỉ hiện một lần.',
        ],
      },
      try: tried,
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
          'Gõ một tên, ví dụ “Tributary”, rồi bấm “Generate password”.',
          'Sao chép lại, rồi bấm “Done”.',
        ],
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
          'Dưới “External connections”, bấm “Create app password”.',
          'Gõ một tên, ví dụ “Tributary”, rồi bấm “Generate password”.',
          'Sao chép lại, rồi bấm “Done”.',
        ],
      },
      try: tried,
    },
  },
  gmx: {
    name: 'GMX',
    lead: 'Mật khẩu của bạn dùng được sau khi bật POP3 trong phần cài đặt. Trước đó không chương trình nào vào được.',
    steps: {
      pop: {
        title: 'Bật POP3',
        acts: [
          'Đăng nhập GMX và mở “E-Mail”.',
          'Bấm “Einstellungen” (cài đặt), rồi “POP3/IMAP Abruf”.',
          'Đánh dấu “POP3 und IMAP Zugriff erlauben” (cho phép truy cập), rồi bấm “Speichern” (lưu).',
        ],
      },
      twoFactor: {
        title: 'Nếu dùng đăng nhập hai lớp: tạo mật khẩu ứng dụng',
        acts: [
          'Không dùng đăng nhập hai lớp thì bỏ qua bước này: mật khẩu của bạn là đúng.',
          'Nếu có, mở “Mein Account”, “Sicherheit”, “Anwendungsspezifische Passwörter”; trang này chỉ rõ.',
          'Bấm “Jetzt anwendungsspezifisches Passwort einrichten” và sao chép lại. Nó chỉ hiện một lần.',
        ],
      },
      try: tried,
    },
  },
  'web-de': {
    name: 'WEB.DE',
    lead: 'Mật khẩu của bạn dùng được sau khi bật POP3 trong phần cài đặt. Tên người dùng là phần đứng trước @.',
    steps: {
      pop: {
        title: 'Bật POP3',
        acts: [
          'Đăng nhập WEB.DE và mở “E-Mail”.',
          'Bấm “Einstellungen” (cài đặt), rồi “POP3/IMAP Abruf”.',
          'Đánh dấu “POP3 und IMAP Zugriff erlauben” (cho phép truy cập), rồi bấm “Speichern” (lưu).',
        ],
      },
      twoFactor: {
        title: 'Nếu dùng đăng nhập hai lớp: tạo mật khẩu ứng dụng',
        acts: [
          'Không dùng đăng nhập hai lớp thì bỏ qua bước này: mật khẩu của bạn là đúng.',
          'Nếu có, mở “Mein Account”, “Sicherheit”, “Anwendungsspezifische Passwörter” và tạo một mật khẩu ở đó.',
        ],
      },
      try: tried,
    },
  },
  't-online': {
    name: 'T-Online (Telekom)',
    lead: 'Chương trình thư cần mật khẩu riêng, gọi là “E-Mail-Passwort”. Mật khẩu của trang web bị từ chối.',
    steps: {
      mailPassword: {
        title: 'Đặt mật khẩu cho thư',
        acts: [
          'Đăng nhập trung tâm thư.',
          'Mở “Menü”, “Einstellungen” (cài đặt), “Passwörter”.',
          'Ở “E-Mail-Passwort”, bấm “Jetzt ändern” (đổi ngay), chọn mật khẩu khác với mật khẩu trang web, rồi lưu.',
        ],
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
      },
      forward: {
        title: 'Bật chuyển tiếp',
        acts: [
          'Đăng nhập iCloud Mail, mở phần cài đặt phía trên danh sách hộp thư, chọn “Mail Forwarding” (một số bản là “General”).',
          'Đánh dấu “Forward my email to” và gõ địa chỉ.',
          'Đừng bật “Delete messages after forwarding” cho đến khi bạn thấy vài tuần liền không thiếu thư nào.',
        ],
      },
      old: {
        title: 'Thư đã có từ trước',
        acts: [
          'Chỉ thư mới được chuyển tiếp. Thư cũ nên chép một lần bằng chương trình thư có cả hai hộp thư, qua IMAP.',
        ],
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
      },
      try: tried,
    },
  },
}
