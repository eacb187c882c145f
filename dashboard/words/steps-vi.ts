import type { ProtocolWords, StepWords } from './steps.ts'

const tlsNames = { implicit: 'TLS', starttls: 'STARTTLS', none: 'Không' } as const
/** The protocols whose name is another one behind "is". */
const spoken: ProtocolWords = { POP3: 'POP3 không mã hóa', 'the web': 'một máy chủ web' }

/** The API has notes about single providers, and remedies of our own, only in English; they are quoted. */
export const steps: StepWords = {
  'other port': ({ port, tls, blocked }) =>
    `${blocked ? 'Có vẻ một tường lửa ở giữa chặn cổng này, nhưng ' : ''}POP3 trả lời ở cổng ${port} của cùng máy chủ: hãy đặt cổng là ${port} và mã hóa là ${tlsNames[tls]}.`,
  'no safe port': () =>
    'Hãy hỏi nhà cung cấp một máy chủ có mã hóa: máy chủ này không có ở cổng thường dùng nào, và không mã hóa thì ai ở giữa đường cũng đọc được mật khẩu.',
  'provider note': ({ provider, note, certain }) =>
    certain
      ? `${provider} có yêu cầu riêng: “${note}”`
      : `Nếu tên người dùng và mật khẩu đã đúng, ${provider} có yêu cầu riêng: “${note}”`,
  'app password': () =>
    'Nhà cung cấp đòi mật khẩu ứng dụng: hãy tạo một mật khẩu như vậy trong phần cài đặt bảo mật của họ và nhập nó thay cho mật khẩu của bạn.',
  'forward instead': () =>
    'Nơi này không nhận mật khẩu: chủ hộp thư phải đăng nhập ở nhà cung cấp. Hoặc hãy cho hộp thư chuyển tiếp thư.',
  'sign in instead': () =>
    'Nơi này không nhận mật khẩu: chủ hộp thư phải đăng nhập ở nhà cung cấp, qua một ứng dụng đã đăng ký ở đó.',
  'plain letters': () =>
    'Tên người dùng hoặc mật khẩu có ký tự ngoài bảng ASCII (như ä hoặc é), và một số máy chủ đọc chúng theo cách khác: nếu cả hai đều đúng, hãy đặt tại nhà cung cấp một mật khẩu chỉ gồm chữ không dấu, chữ số và ký hiệu.',
  'confirm on the web': () =>
    'Hãy đăng nhập một lần trên trang web của nhà cung cấp và xác nhận ở đó rằng chính là bạn, rồi thử lại.',
  'unlock on the web': () =>
    'Hãy đăng nhập trên trang web của nhà cung cấp: tài khoản đang bị khóa, và ở đó có hướng dẫn cách mở lại.',
  'switch POP3 on': () => 'Hãy bật POP3 trong phần cài đặt của hộp thư, trên trang web của nhà cung cấp.',
  'other tariff': () =>
    'POP3 không thuộc gói dịch vụ của hộp thư này: hãy chọn ở nhà cung cấp một gói có POP3, hoặc để hộp thư chuyển tiếp thư.',
  moved: ({ host }) =>
    host === null
      ? 'Hộp thư đã chuyển sang nơi khác: hãy hỏi nhà cung cấp máy chủ mới và nhập máy chủ đó.'
      : `Hộp thư đã chuyển sang nơi khác: nếu bạn biết ${host} là của nhà cung cấp, hãy nhập tên đó làm máy chủ.`,
  'make room': () => 'Hộp thư đã đầy: hãy dọn bớt thư trên trang web của nhà cung cấp.',
  'let the address in': () =>
    'Nhà cung cấp chặn địa chỉ hoặc quốc gia mà Tributary kết nối từ đó: hãy cho phép trong phần cài đặt bảo mật của hộp thư, hoặc hỏi nhà cung cấp.',
  'use TLS': () =>
    'Máy chủ không nhận mật khẩu khi không mã hóa: hãy đặt mã hóa là TLS và cổng là 995, hoặc STARTTLS cho cổng này.',
  'choose TLS or sasl': () =>
    'Có thể có kẻ đứng ở giữa, và mật khẩu mới không thay đổi được điều đó: hãy đặt mã hóa là TLS hoặc STARTTLS, hoặc, nếu nhà cung cấp nói rằng như vậy là đúng, hãy tự chọn cơ chế đăng nhập.',
  'choose a new password': () => 'Hãy chọn mật khẩu mới trên trang web của nhà cung cấp, rồi nhập vào đây.',
  'renew the licence': () =>
    'Máy chủ thư thiếu giấy phép: người quản trị nó phải gia hạn; không cài đặt nào ở đây giúp được.',
  'pin until renewed': () =>
    'Nhà cung cấp phải gia hạn chứng chỉ. Trước lúc đó: nếu bạn biết máy chủ này, hãy so dấu vân tay (SHA-256) với dấu mà người quản trị nó cho biết, rồi chỉ tin đúng chứng chỉ này.',
  'pin if known': () =>
    'Nếu bạn biết máy chủ này: hãy so dấu vân tay (SHA-256) của chứng chỉ với dấu mà người quản trị nó cho biết, rồi chỉ tin đúng chứng chỉ này.',
  'pin if renewed': () =>
    'Nếu nhà cung cấp đã thay chứng chỉ, hãy tin chứng chỉ mới; nếu không, có thể có kẻ đứng ở giữa.',
  'install the chain': () =>
    'Hãy yêu cầu nhà cung cấp cài đặt đầy đủ chuỗi chứng chỉ. Trong lúc chờ: nếu bạn biết máy chủ này, hãy so sánh dấu vân tay (SHA-256) với điều người vận hành cho biết, rồi chỉ tin đúng chứng chỉ này.',
  'set a host name': () => 'Hãy nhập tên của máy chủ, do nhà cung cấp cho biết, thay cho địa chỉ IP.',
  'provider mends TLS': () =>
    'Nhà cung cấp phải sửa điều đó. Nếu các chương trình khác kết nối được từ nơi khác thì có gì đó ở giữa gây nhiễu kết nối.',
  'check the clock': () =>
    'Hãy kiểm tra đồng hồ của máy chạy Tributary; nếu nó đúng thì nhà cung cấp phải sửa chứng chỉ của mình.',
  'set the host': ({ host }) =>
    `Nếu bạn biết ${host} là của nhà cung cấp, hãy nhập tên đó làm máy chủ: chứng chỉ dành cho nó.`,
  'set a host under': ({ domain }) =>
    `Nếu bạn biết ${domain} là của nhà cung cấp, hãy nhập một máy chủ có tên kết thúc như vậy: chứng chỉ dành cho nó.`,
  'newer TLS': () => 'Nhà cung cấp phải hỗ trợ TLS 1.2 trở lên; thấp hơn thì không an toàn.',
  'allow old TLS': () =>
    'Nhà cung cấp phải hỗ trợ TLS 1.2 trở lên. Trong lúc chờ, bạn có thể đặt phiên bản TLS cũ nhất là 1.0 trong phần nâng cao: khi đó người ở giữa đường có thể đọc được những gì được gửi.',
  'allow weak TLS': ({ certain }) =>
    certain
      ? 'Nhà cung cấp phải sửa điều đó. Trong lúc chờ, bạn có thể cho phép mã hóa cũ và yếu trong phần nâng cao: khi đó người ở giữa đường có thể đọc được những gì được gửi.'
      : 'Nhà cung cấp phải sửa điều đó. Nếu máy chủ đã cũ, cho phép mã hóa cũ và yếu trong phần nâng cao có thể giúp được: khi đó người ở giữa đường có thể đọc được những gì được gửi.',
  'ask for less TLS': () =>
    'Hãy đặt phiên bản TLS cũ nhất là 1.2 trong phần nâng cao, vẫn an toàn, hoặc yêu cầu nhà cung cấp hỗ trợ TLS 1.3.',
  'check the proxy': ({ server }) =>
    `Hãy xem máy chủ ủy quyền (proxy) ${server} có đang chạy, có cho Tributary kết nối tới cổng này, và tên người dùng cùng mật khẩu của nó có đúng không.`,
  'set starttls': () => 'Hãy đặt mã hóa là STARTTLS cho cổng này; với TLS ngay từ đầu thì thường là cổng 995.',
  'set implicit': () => 'Hãy đặt mã hóa là TLS và cổng là 995.',
  'set implicit here': () => 'Hãy đặt mã hóa là TLS cho cổng này: nó dùng TLS ngay từ đầu.',
  'check TLS': () => 'Hãy kiểm tra tên máy chủ và kiểu mã hóa.',
  'slow to greet': () =>
    'Máy chủ nhận kết nối nhưng không nói gì: hãy kiểm tra cổng và kiểu mã hóa. Nếu đều đúng thì máy chủ chậm, và một lượt lấy thư, vốn chờ lâu hơn lần thử này, vẫn có thể vào được.',
  'check login': () =>
    'Hãy kiểm tra tên người dùng và mật khẩu: nhiều nơi muốn tên người dùng là cả địa chỉ, một số nơi muốn mật khẩu ứng dụng.',
  'check login, then wait': () => 'Hãy kiểm tra tên người dùng và mật khẩu, và chờ vài phút rồi mới thử lại.',
  'check spelling': ({ host }) => `Hãy kiểm tra cách viết ${host}: không có máy chủ nào tên như vậy.`,
  'check host and port': ({ looked, server }) =>
    `Hãy kiểm tra máy chủ và cổng: ${looked ? 'POP3 không trả lời ở cổng thường dùng nào' : 'không có gì trả lời ở cổng này'}. Nếu chúng đã đúng, có thể một tường lửa chặn kết nối đi đến ${server}.`,
  'check host, or shut out': () =>
    'Hãy thử lại sau vài phút; nếu vẫn vậy, hãy kiểm tra máy chủ và cổng, hoặc có thể nhà cung cấp chặn địa chỉ mạng này.',
  'not POP3': ({ speaks }) =>
    speaks === null
      ? 'Hãy kiểm tra máy chủ và cổng: thứ trả lời ở đó không nói POP3 như phải có. Nếu đã đúng, hãy hỏi nhà cung cấp, hoặc tìm một proxy hay phần mềm diệt virus ở giữa.'
      : `Hãy kiểm tra máy chủ và cổng: thứ trả lời ở đó là ${spoken[speaks] ?? speaks}, còn POP3 thường ở cổng 995 với TLS.`,
  'name servers': () => 'Hãy thử lại sau ít phút; nếu vẫn vậy, các máy chủ tên miền mà Tributary hỏi không trả lời.',
  'try later': () => 'Hãy thử lại sau vài phút.',
  'try later, too slow': () => 'Hãy thử lại sau: lúc này máy chủ quá chậm.',
  'wait, each try counts': () => 'Hãy chờ vài phút rồi mới thử lại: mỗi lần thử đều bị tính.',
  'wait for the quota': () =>
    'Máy chủ chỉ cho tải một lượng thư nhất định mỗi ngày hoặc mỗi giờ, và đã hết: hãy chờ đến khi có lại, thường là trong vòng một ngày.',
  'close other programs': () =>
    'Hãy đóng các chương trình khác đang lấy thư của hộp thư này qua POP3, hoặc chờ: một số nơi giữ khóa đến 15 phút.',
  'ask the provider': () => 'Hãy thử lại sau vài phút; nếu vẫn vậy, nhà cung cấp có thể cho biết điều đó nghĩa là gì.',
  'provider must act': () => 'Máy chủ nói rằng lỗi này không tự hết: hãy yêu cầu nhà cung cấp sửa.',
  'open the folder': ({ folder }) =>
    `Hãy xem ở kho thư rằng tài khoản đăng nhập này được ghi vào thư mục ${folder} và thư mục chưa đầy, hoặc chọn thư mục khác cho tài khoản.`,
  'set the destination login': () =>
    'Hãy nhập lại tên người dùng và mật khẩu của nơi nhận: nhiều nhà cung cấp muốn tên người dùng là cả địa chỉ, một số muốn mật khẩu ứng dụng.',
  'app password for the destination': () =>
    'Nhà cung cấp đòi mật khẩu ứng dụng: hãy tạo một mật khẩu như vậy trong phần cài đặt bảo mật của họ và nhập nó làm mật khẩu của nơi nhận.',
  'new password for the destination': () =>
    'Hãy chọn mật khẩu mới trên trang web của nhà cung cấp và nhập nó làm mật khẩu của nơi nhận.',
  'another destination': () =>
    'Nơi này không nhận mật khẩu: hãy đăng nhập ở nhà cung cấp của nó, hoặc nhập mật khẩu ứng dụng nếu họ có.',
  'sign the destination in': () =>
    'Nơi này không nhận mật khẩu: hãy đăng nhập ở nhà cung cấp của nó, hoặc nhập mật khẩu ứng dụng nếu họ có.',
  'switch IMAP on': () => 'Hãy bật IMAP trong phần cài đặt của hộp thư đó, trên trang web của nhà cung cấp.',
  'use TLS for the destination': () =>
    'Máy chủ không nhận mật khẩu khi không mã hóa: hãy đặt mã hóa của nơi nhận là TLS và cổng là 993, hoặc STARTTLS cho cổng này.',
  remedy: ({ remedy }) => `“${remedy}.”`,
}
