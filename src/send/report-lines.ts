/** A report is in English: nobody has told an instance which language an owner reads. One line each says the same in others. */
export type ReportKind = 'failed' | 'unknown' | 'delayed'

export const reportLines: Readonly<Record<ReportKind, readonly string[]>> = {
  failed: [
    'Deutsch: An die genannten Adressen wurde Ihre Nachricht nicht zugestellt; der Grund steht bei jeder.',
    'Español: Su mensaje no se entregó a las direcciones indicadas; el motivo figura junto a cada una.',
    'Français : Votre message n’a pas été remis aux adresses indiquées ; la raison figure sous chacune.',
    'Tiếng Việt: Thư của bạn không đến được các địa chỉ nêu trên; lý do ghi ở dưới mỗi địa chỉ.',
    '日本語: 上記の宛先にメールを配信できませんでした。理由は各宛先の下にあります。',
  ],
  unknown: [
    'Deutsch: Ob Ihre Nachricht diese Adressen erreicht hat, weiß niemand. Fragen Sie nach, bevor Sie sie noch einmal senden.',
    'Español: No se sabe si su mensaje llegó a estas direcciones. Pregunte antes de enviarlo otra vez.',
    'Français : On ignore si votre message est arrivé à ces adresses. Demandez avant de le renvoyer.',
    'Tiếng Việt: Không rõ thư của bạn đã đến các địa chỉ này chưa. Hãy hỏi lại trước khi gửi lần nữa.',
    '日本語: これらの宛先に届いたかどうか分かりません。送り直す前に、相手にご確認ください。',
  ],
  delayed: [
    'Deutsch: Ihre Nachricht verspätet sich und wird weiter versucht. Sie müssen nichts tun.',
    'Español: Su mensaje se retrasa y se sigue intentando. No tiene que hacer nada.',
    'Français : Votre message est retardé et les essais continuent. Vous n’avez rien à faire.',
    'Tiếng Việt: Thư của bạn bị chậm và vẫn đang được gửi lại. Bạn không cần làm gì.',
    '日本語: 配信が遅れており、引き続き送信を試みます。何もする必要はありません。',
  ],
}
