/** 日本語. */
import { assertNever } from '../../src/assert-never.ts'
import type { OAuthWarning } from '../../src/oauth/grant.ts'
import type { PageFacts, SignInWords } from './words.ts'

const feeds = ({ mailbox, into }: PageFacts) =>
  into === null
    ? `Tributary が集めたメールは ${mailbox} に保存されます。`
    : `Tributary は ${mailbox} のメールを受信し、メールボックス ${into} にまとめます。`

function warningText({ code, atMs }: OAuthWarning): string {
  const on = new Date(atMs).toISOString().slice(0, 10)
  switch (code) {
    case 'google testing':
      return `アプリケーションが Google で「Testing」になっているため、このログインは ${on} に無効になります。Tributary の管理者に公開を依頼し、もう一度ログインしてください。`
    case 'no refresh token':
      return `プロバイダーから更新用の情報が得られなかったため、このログインは ${on} に無効になります。Tributary の管理者にお知らせください。`
    case 'scopes missing':
      return '求められた権限の一部が許可されていないため、メールを受信できない可能性があります。新しいリンクを依頼するか、Tributary で最初からやり直し、すべてのチェックを付けたままにしてください。'
    case 'another audience':
      return 'プロバイダーの許可がメール サーバーを対象としていないため、メールを受信できない可能性があります。Tributary の管理者に、アプリケーションのスコープの確認を依頼してください。'
    default:
      return assertNever(code)
  }
}

export const ja: SignInWords = {
  begin: (facts, provider, url) => ({
    title: `${facts.mailbox} のログイン`,
    paragraphs: [
      feeds(facts),
      '心当たりがない場合や、このメールボックスをご存じない場合は、このページを閉じてください。',
      `${facts.mailbox} としてログインしてください。ほかのアカウントは使えません。ボタンは 10 分間有効です。それを過ぎたら、このページを再読み込みしてください。`,
    ],
    link: { url, text: `${provider} でログイン` },
  }),
  done: (facts, as, { url, warning }) => ({
    title: 'ログインしました',
    paragraphs: [
      as === null ? `${facts.mailbox} のログインが完了しました。` : `${as} としてログインしました。`,
      feeds(facts),
      ...(warning === null ? [] : [warningText(warning)]),
      'このページは閉じてかまいません。',
    ],
    link: { url, text: `Tributary で ${facts.mailbox} を開く` },
  }),
  somebodyElse: (facts, as) => ({
    title: '別のアカウントでログインしています',
    paragraphs: [
      `${as} としてログインしましたが、このメールボックスは ${facts.mailbox} です。何も変更されておらず、許可の内容も保存されません。`,
      `リンクをもう一度開くか、Tributary で最初からやり直し、${facts.mailbox} としてログインしてください。先にプロバイダーからログアウトするか、プライベート ウィンドウを使う必要があるかもしれません。`,
      `${as} が同じメールボックスの別名である場合は、Tributary の管理者がここのユーザー名を ${as} に変更したあと、もう一度ログインしてください。`,
    ],
  }),
  notTaken: () => ({
    title: 'このログインは無効です',
    paragraphs: [
      '別のブラウザー用であるか、使用済みであるか、10 分を過ぎたか、その間にメールボックスが変更またはログアウトされました。何も変更されていません。',
      '受け取ったリンクをもう一度開くか、Tributary で最初からやり直し、同じブラウザーで続けてください。',
    ],
  }),
  linkOver: () => ({
    title: 'このリンクは無効です',
    paragraphs: [
      '使用済みであるか、7 日を過ぎたか、新しいリンクが作成されたか、メールボックスが変更またはログアウトされました。すでにこのリンクでログインした場合は、何もする必要はありません。',
      'まだの場合は、リンクの送信者に新しいリンクを依頼してください。Tributary のそのメールボックスのページで、「所有者用リンクを作成」から作成できます。',
    ],
  }),
  refused: (facts, reason) => ({
    title: 'ログインできませんでした',
    paragraphs: [
      `プロバイダーが ${facts.mailbox} への Tributary のアクセスを許可しませんでした: ${reason}`,
      '何も変更されていません。もう一度試すには、受け取ったリンクを開くか、Tributary で最初からやり直してください。',
    ],
  }),
  noAnswer: (server, reason) => ({
    title: 'プロバイダーが応答しません',
    paragraphs: [
      `${server}: ${reason}`,
      '何も変更されていません。しばらくしてから、このページを再読み込みしてください。',
    ],
  }),
  noAnswerBack: (server, reason) => ({
    title: 'プロバイダーが応答しません',
    paragraphs: [
      `${server}: ${reason}`,
      '何も変更されていません。しばらくしてから、受け取ったリンクをもう一度開くか、Tributary で最初からやり直してください。',
    ],
  }),
}
