/** Steps that several providers have in common. */
export const tried = {
  title: 'Thử ngay tại đây',
  acts: ['Gõ địa chỉ và mật khẩu. Chỉ thử đăng nhập: không lấy thư nào, không lưu gì cả.'],
}
export const save = {
  title: 'Nhập ứng dụng vào đây',
  acts: ['Quản trị viên làm một lần; mọi tài khoản của nhà cung cấp này đều đăng nhập qua nó.'],
}
export const signIn = {
  title: 'Đăng nhập',
  acts: [
    'Thêm tài khoản và chọn đăng nhập. Trình duyệt sang trang của nhà cung cấp rồi quay lại.',
    'Với hộp thư của người khác: thêm tài khoản, rồi tạo liên kết cho chủ hộp thư ở trang của tài khoản.',
  ],
}
export const begin = {
  title: 'Thêm các hộp thư',
  acts: ['Trên dòng lệnh, với quyền quản trị: thêm từng hộp thư kèm id của ứng dụng ở đây, rồi cho nó đăng nhập.'],
}
