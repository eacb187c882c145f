import type { GuideWords } from '../guides.ts'
import { begin, save, signIn, tried } from './guide-shared-vi.ts'

export const google: GuideWords['google'] = {
  name: 'Gmail và Google Workspace',
  lead: 'Mật khẩu ứng dụng là cách dễ nhất: mất mười phút và dùng được cho đến khi bạn đổi mật khẩu Google. Mật khẩu thường bị từ chối.',
  steps: {
    twoSteps: {
      title: 'Bật Xác minh 2 bước',
      acts: [
        'Mở trang và đăng nhập bằng tài khoản cần gom thư.',
        'Bấm “Turn on 2-Step Verification” (bật Xác minh 2 bước) và làm đến cuối. Chưa bật thì Google không cho tạo mật khẩu ứng dụng.',
      ],
      done: 'trang báo Xác minh 2 bước đang bật.',
    },
    appPassword: {
      title: 'Tạo mật khẩu ứng dụng',
      acts: [
        'Mở trang. Trang báo không dùng được nếu chưa bật Xác minh 2 bước, nếu chỉ dùng khóa bảo mật, nếu bật Bảo vệ nâng cao (Advanced Protection), hoặc nếu quản trị viên Workspace của bạn không cho phép.',
        'Gõ một tên, ví dụ tên dưới đây, rồi bấm “Create” (tạo).',
        'Sao chép 16 chữ cái. Chúng chỉ hiện một lần; dấu cách không quan trọng.',
        'Khi bạn đổi mật khẩu Google, mật khẩu ứng dụng hết hiệu lực: lúc đó hãy tạo cái mới.',
      ],
      done: 'tên đó nằm trong danh sách mật khẩu ứng dụng của bạn.',
    },
    pop: {
      title: 'Bật POP',
      acts: [
        'Mở trang trên máy tính: đó là “Settings”, “See all settings”, “Forwarding and POP/IMAP” của Gmail.',
        'Chọn “Enable POP for all mail” (cho mọi thư) hoặc “for mail that arrives from now on” (chỉ thư từ nay).',
        'Ở “When messages are accessed with POP”, chọn “keep Gmail’s copy in the Inbox”, rồi bấm “Save Changes”.',
      ],
      done: 'chính trang đó báo “POP is enabled” (POP đã bật).',
    },
    try: tried,
    project: {
      title: 'Tạo một dự án',
      acts: [
        'Cách này dành cho người không được dùng mật khẩu ứng dụng. Mất nửa giờ.',
        'Mở trang, gõ một tên như “Tributary”, rồi bấm “Create”.',
      ],
      done: 'tên dự án hiện ở đầu trang. Các bước sau đều làm trong dự án đó.',
    },
    consent: {
      title: 'Khai báo nơi xin phép',
      acts: [
        'Mở trang, bấm “Get started”, gõ tên và địa chỉ của bạn.',
        'Ở “Audience”, chọn “Internal” nếu mọi hộp thư đều thuộc Workspace của bạn, ngược lại chọn “External”. Kết thúc bằng “Create”.',
      ],
      done: 'trang báo “OAuth configuration created”.',
    },
    publish: {
      title: 'Xuất bản, nếu không sẽ hết hạn sau bảy ngày',
      acts: [
        'Với “External”, mở trang và bấm “Publish app” để “Publishing status” thành “In production”.',
        'Chừng nào còn là “Testing”, mỗi lần đăng nhập hết hạn sau bảy ngày, và tuần nào cũng phải đăng nhập lại.',
        'Không cần xác minh khi có tối đa 100 người: họ thấy “Google hasn’t verified this app” và đi tiếp qua “Advanced”.',
      ],
      done: '“Publishing status” là “In production”, hoặc “Audience” là “Internal”.',
    },
    scope: {
      title: 'Cho phép phạm vi (scope) của thư',
      acts: [
        'Mở trang, bấm “Add or remove scopes”, dán dòng dưới đây vào “Manually add scopes”.',
        'Bấm “Add to table”, “Update” rồi “Save”.',
      ],
      done: 'nó nằm dưới “Your restricted scopes”.',
    },
    client: {
      title: 'Tạo một client',
      acts: [
        'Mở trang và chọn “Web application”.',
        'Ở “Authorized redirect URIs”, bấm “Add URI”, dán địa chỉ chuyển hướng vào. Bấm “Create”.',
        'Sao chép client id và client secret; secret chỉ hiện một lần.',
      ],
      done: 'bạn đã có cả hai.',
    },
    save,
    popToo: {
      title: 'Bật POP trong hộp thư',
      acts: ['Mở trang trên máy tính, chọn “Enable POP for all mail”, rồi bấm “Save Changes”.'],
      done: 'chính trang đó báo “POP is enabled” (POP đã bật).',
    },
    signIn,
    serviceAccount: {
      title: 'Tạo tài khoản dịch vụ (service account)',
      acts: [
        'Cách này dành cho quản trị viên của một Google Workspace, và cho hộp thư của Workspace đó.',
        'Mở trang, bấm “Create service account”, gõ một tên như “Tributary”, rồi bấm “Done”.',
        'Mở nó, ghi lại “Unique ID”, rồi dưới “Keys” bấm “Add key”, “Create new key”, “JSON”.',
      ],
      done: 'một tệp có đuôi .json đã được tải về. Ai có tệp này đều đọc được các hộp thư ở bước sau.',
    },
    delegation: {
      title: 'Cho phép nó đọc hộp thư',
      acts: [
        'Mở trang: đó là “Security”, “Access and data control”, “API controls”, “Domain-wide delegation” của bảng điều khiển quản trị.',
        'Bấm “Add new”, dán Unique ID vào “Client ID”, dán dòng dưới đây vào “OAuth scopes”. Bấm “Authorize”.',
      ],
      done: 'id và phạm vi nằm trong danh sách. Có thể mất vài phút mới có hiệu lực.',
    },
    key: {
      title: 'Nhập khóa của nó',
      acts: [
        'Trên dòng lệnh, với quyền quản trị: ID là Unique ID, tệp là khóa, và mỗi hộp thư được mở cần một “--address”.',
        'Sau đó hãy xóa tệp: khóa đã được lưu niêm phong.',
      ],
    },
    begin,
  },
}
