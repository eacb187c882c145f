import type { GuideWords } from '../guides.ts'
import { begin, save, signIn } from './guide-shared-vi.ts'

export const microsoft: GuideWords['microsoft'] = {
  name: 'Outlook.com, Hotmail và Microsoft 365',
  lead: 'Microsoft không còn nhận mật khẩu của bạn, kể cả mật khẩu ứng dụng: chủ hộp thư đăng nhập bằng trình duyệt. Trước đó quản trị viên đăng ký một ứng dụng, một lần cho mọi tài khoản.',
  steps: {
    register: {
      title: 'Đăng ký một ứng dụng',
      acts: [
        'Mở trang đầu tiên; chính phủ Mỹ dùng trang thứ hai, 21Vianet ở Trung Quốc dùng trang thứ ba. Trang đòi tài khoản có thư mục (tenant): tài khoản Microsoft 365 có sẵn, tài khoản khác có được nhờ tài khoản Azure miễn phí.',
        'Bấm “New registration” và gõ một tên như “Tributary”.',
        'Ở “Supported account types”, chọn “Accounts in any organizational directory and personal Microsoft accounts”.',
        'Ở “Redirect URI”, chọn “Web”, dán địa chỉ chuyển hướng vào, rồi bấm “Register”.',
        'Sao chép “Application (client) ID”.',
      ],
      done: 'trang hiện “Application (client) ID”.',
    },
    permissions: {
      title: 'Khai báo những quyền cần xin',
      acts: [
        'Mở “API permissions”, bấm “Add a permission”, “Microsoft Graph”, “Delegated permissions”.',
        'Tìm từng quyền dưới đây, đánh dấu, rồi bấm “Add permissions”.',
        'Trong công ty: bấm “Grant admin consent”, nếu không thì từng người sẽ được hỏi, nếu nơi đó cho phép.',
      ],
      done: 'cả bốn quyền nằm trong danh sách.',
    },
    secret: {
      title: 'Tạo mã bí mật',
      acts: [
        'Mở “Certificates & secrets”, bấm “New client secret”, chọn thời hạn: hãy ghi lại ngày hết hạn, đến đó cần mã mới.',
        'Sao chép phần “Value”, không phải “Secret ID”. Nó chỉ hiện một lần.',
      ],
      done: 'bạn đã có phần “Value”.',
    },
    device: {
      title: 'Cho phép đăng nhập bằng mã',
      acts: [
        'Mở “Authentication” (ở bản mới: mục “Settings” trong đó), đặt “Allow public client flows” thành “Yes”, rồi bấm “Save”.',
        'Khi đó máy không có trình duyệt vẫn đăng nhập được bằng mã gõ trên điện thoại.',
      ],
      done: 'mở lại trang mà vẫn là “Yes”.',
    },
    save,
    pop: {
      title: 'Bật POP trong hộp thư',
      acts: [
        'Với Outlook.com và Hotmail, mở trang đầu tiên: đó là “Settings”, “Mail”, “Forwarding and IMAP”.',
        'Bật “Let devices and apps use POP”, chọn không cho chúng xóa thư, rồi bấm “Save”.',
        'Ở Microsoft 365, quản trị viên phải bật POP: trang thứ hai, “Active users”, chọn người đó, “Mail”, “Manage email apps”.',
      ],
      done: 'mở lại trang mà công tắc vẫn bật.',
    },
    signIn,
    appPermissions: {
      title: 'Cho chính ứng dụng đọc thư',
      acts: [
        'Cách này dành cho quản trị viên của một tenant Microsoft 365, và cho hộp thư của tenant đó. Đăng ký ứng dụng như trên, cho “this organizational directory only”, có mã bí mật.',
        'Mở nó, “API permissions”, “Add a permission”, “APIs my organization uses”, rồi tìm “Office 365 Exchange Online”.',
        'Chọn “Application permissions”, đánh dấu các quyền dưới đây, bấm “Add permissions”, rồi “Grant admin consent”.',
      ],
      done: 'sau mỗi quyền có dấu xanh và “Granted for”.',
    },
    mailboxes: {
      title: 'Chỉ rõ những hộp thư nào',
      acts: [
        'Trong PowerShell có mô-đun ExchangeOnlineManagement, với quyền quản trị Exchange, chạy ba lệnh này; lệnh cuối cho từng hộp thư. Trang kèm theo là của chính Microsoft.',
        'Object id là id ở “Enterprise applications”, không phải ở “App registrations”.',
      ],
      done: 'Get-MailboxPermission nêu tên ứng dụng ở hộp thư đó.',
    },
    list: {
      title: 'Nhập ứng dụng vào đây',
      acts: ['Kèm id của tenant, và ở “Thiết lập khác” ghi mọi hộp thư mà nó được mở.'],
    },
    begin,
  },
}
