/** A report is in English. One line says the same in other languages: that of its reader, where it is known, stands first (report-language.ts). */
export type ReportKind = 'failed' | 'unknown' | 'delayed'

export const reportLanguages = ['de', 'es', 'fr', 'vi', 'ja'] as const
export type ReportLanguage = (typeof reportLanguages)[number]

const labels: Readonly<Record<ReportLanguage, string>> = {
  de: 'Deutsch: ',
  es: 'Español: ',
  fr: 'Français : ',
  vi: 'Tiếng Việt: ',
  ja: '日本語: ',
}

const lines: Readonly<Record<ReportKind, Readonly<Record<ReportLanguage, string>>>> = {
  failed: {
    de: 'An die genannten Adressen wurde Ihre Nachricht nicht zugestellt; der Grund steht bei jeder.',
    es: 'Su mensaje no se entregó a las direcciones indicadas; el motivo figura junto a cada una.',
    fr: 'Votre message n’a pas été remis aux adresses indiquées ; la raison figure sous chacune.',
    vi: 'Thư của bạn không đến được các địa chỉ nêu trong thư này; lý do ghi ở dưới mỗi địa chỉ.',
    ja: 'このメールに記載の宛先には配信できませんでした。理由は各宛先の下にあります。',
  },
  unknown: {
    de: 'Ob Ihre Nachricht diese Adressen erreicht hat, weiß niemand. Fragen Sie nach, bevor Sie sie noch einmal senden.',
    es: 'No se sabe si su mensaje llegó a estas direcciones. Pregunte antes de enviarlo otra vez.',
    fr: 'On ignore si votre message est arrivé à ces adresses. Demandez avant de le renvoyer.',
    vi: 'Không rõ thư của bạn đã đến các địa chỉ này chưa. Hãy hỏi lại trước khi gửi lần nữa.',
    ja: 'これらの宛先に届いたかどうか分かりません。送り直す前に、相手にご確認ください。',
  },
  delayed: {
    de: 'Ihre Nachricht verspätet sich und wird weiter versucht. Sie müssen nichts tun.',
    es: 'Su mensaje se retrasa y se sigue intentando. No tiene que hacer nada.',
    fr: 'Votre message est retardé et les essais continuent. Vous n’avez rien à faire.',
    vi: 'Thư của bạn bị chậm và vẫn đang được gửi lại. Bạn không cần làm gì.',
    ja: '配信が遅れており、引き続き送信を試みます。何もする必要はありません。',
  },
}

/** @returns what stands before the English text, and what behind it. */
export function reportLines(
  kind: ReportKind,
  reader: ReportLanguage | undefined,
): Record<'before' | 'behind', string[]> {
  const others = reportLanguages.filter((language) => language !== reader)
  return {
    before: reader === undefined ? [] : [lines[kind][reader], ''],
    behind: others.map((language) => `${labels[language]}${lines[kind][language]}`),
  }
}
