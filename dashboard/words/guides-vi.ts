import type { GuideWords } from '../guides.ts'

const tried = {
  title: 'Thử ngay tại đây',
  acts: ['Gõ địa chỉ và mật khẩu. Chỉ thử đăng nhập: không lấy thư nào, không lưu gì cả.'],
}

const save = {
  title: 'Nhập ứng dụng vào đây',
  acts: ['Quản trị viên làm một lần; mọi tài khoản của nhà cung cấp này đều đăng nhập qua nó.'],
}
const signIn = {
  title: 'Đăng nhập',
  acts: [
    'Thêm tài khoản và chọn đăng nhập. Trình duyệt sang trang của nhà cung cấp rồi quay lại.',
    'Với hộp thư của người khác: thêm tài khoản, rồi tạo liên kết cho chủ hộp thư ở trang của tài khoản.',
  ],
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
      project: {
        title: 'Tạo một dự án',
        acts: [
          'Cách này dành cho người không được dùng mật khẩu ứng dụng. Mất nửa giờ.',
          'Mở trang, gõ một tên như “Tributary”, rồi bấm “Create”.',
        ],
      },
      consent: {
        title: 'Khai báo nơi xin phép',
        acts: [
          'Mở trang, bấm “Get started”, gõ tên và địa chỉ của bạn.',
          'Ở “Audience”, chọn “Internal” nếu mọi hộp thư đều thuộc Workspace của bạn, ngược lại chọn “External”. Kết thúc bằng “Create”.',
        ],
      },
      publish: {
        title: 'Xuất bản, nếu không sẽ hết hạn sau bảy ngày',
        acts: [
          'Với “External”, mở trang và bấm “Publish app” để “Publishing status” thành “In production”.',
          'Chừng nào còn là “Testing”, mỗi lần đăng nhập hết hạn sau bảy ngày, và tuần nào cũng phải đăng nhập lại.',
          'Không cần xác minh khi có tối đa 100 người: họ thấy “Google hasn’t verified this app” và đi tiếp qua “Advanced”.',
        ],
      },
      scope: {
        title: 'Cho phép phạm vi (scope) của thư',
        acts: [
          'Mở trang, bấm “Add or remove scopes”, dán dòng này vào “Manually add scopes”.',
          'Bấm “Add to table”, “Update” rồi “Save”.',
        ],
      },
      client: {
        title: 'Tạo một client',
        acts: [
          'Mở trang và chọn “Web application”.',
          'Ở “Authorized redirect URIs”, bấm “Add URI”, dán địa chỉ chuyển hướng vào. Bấm “Create”.',
          'Sao chép client id và client secret; secret chỉ hiện một lần.',
        ],
      },
      save,
      popToo: {
        title: 'Bật POP trong hộp thư',
        acts: ['Mở trang, chọn “Enable POP for all mail”, rồi bấm “Save Changes”.'],
      },
      signIn,
    },
  },
  microsoft: {
    name: 'Outlook.com, Hotmail và Microsoft 365',
    lead: 'Microsoft không còn nhận mật khẩu của bạn, kể cả mật khẩu ứng dụng: chủ hộp thư đăng nhập bằng trình duyệt. Trước đó quản trị viên đăng ký một ứng dụng, một lần cho mọi tài khoản.',
    steps: {
      register: {
        title: 'Đăng ký một ứng dụng',
        acts: [
          'Mở trang. Trang đòi tài khoản có thư mục (tenant): tài khoản Microsoft 365 có sẵn, tài khoản khác có được nhờ tài khoản Azure miễn phí. Chính phủ Mỹ dùng portal.azure.us, 21Vianet ở Trung Quốc dùng portal.azure.cn.',
          'Bấm “New registration” và gõ một tên như “Tributary”.',
          'Ở “Supported account types”, chọn “Accounts in any organizational directory and personal Microsoft accounts”.',
          'Ở “Redirect URI”, chọn “Web”, dán địa chỉ chuyển hướng vào, rồi bấm “Register”.',
          'Sao chép “Application (client) ID”.',
        ],
      },
      permissions: {
        title: 'Khai báo những quyền cần xin',
        acts: [
          'Mở “API permissions”, bấm “Add a permission”, “Microsoft Graph”, “Delegated permissions”.',
          'Tìm từng quyền dưới đây, đánh dấu, rồi bấm “Add permissions”.',
          'Trong công ty: bấm “Grant admin consent”, nếu không thì từng người sẽ được hỏi, nếu nơi đó cho phép.',
        ],
      },
      secret: {
        title: 'Tạo mã bí mật',
        acts: [
          'Mở “Certificates & secrets”, bấm “New client secret”, chọn thời hạn: hãy ghi lại ngày hết hạn, đến đó cần mã mới.',
          'Sao chép phần “Value”, không phải “Secret ID”. Nó chỉ hiện một lần.',
        ],
      },
      device: {
        title: 'Cho phép đăng nhập bằng mã',
        acts: [
          'Mở “Authentication”, đặt “Allow public client flows” thành “Yes”, rồi bấm “Save”.',
          'Khi đó máy không có trình duyệt vẫn đăng nhập được bằng mã gõ trên điện thoại.',
        ],
      },
      save,
      pop: {
        title: 'Bật POP trong hộp thư',
        acts: [
          'Với Outlook.com và Hotmail, mở trang: đó là “Settings”, “Mail”, “Forwarding and IMAP”.',
          'Bật “Let devices and apps use POP”, chọn không cho xóa thư, rồi bấm “Save”.',
          'Với Microsoft 365, quản trị viên bật POP: Microsoft 365 admin center, “Active users”, chọn người dùng, “Mail”, “Manage email apps”.',
        ],
      },
      signIn,
    },
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
      register: {
        title: 'Xin Fastmail một client id',
        acts: [
          'Fastmail đăng ký ứng dụng bằng tay: hãy viết cho nhóm phát triển của họ, như trang này hướng dẫn. Nếu chỉ cho riêng bạn, mật khẩu ứng dụng đỡ mất công hơn.',
          'Gửi cho họ địa chỉ chuyển hướng và hai phạm vi (scope) này. Không có mã bí mật.',
        ],
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
      register: {
        title: 'Đăng ký một ứng dụng',
        acts: [
          'Nếu nhà cung cấp, hoặc công ty của bạn, có máy chủ OAuth 2.0 hay OpenID Connect: đăng ký ở đó một client cho web (authorization code kèm PKCE).',
          'Cho nó địa chỉ chuyển hướng.',
          'Sao chép client id, mã bí mật nếu có, và issuer: địa chỉ mà dưới đó có /.well-known/openid-configuration.',
        ],
      },
      save,
      signIn,
    },
  },
}
