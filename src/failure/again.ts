/** What servers mean by "again": later, when it has passed, or at once, with another password. In English and in the languages of gists-abroad.ts. */

/** The words by which a server promises that it passes with time. */
const later =
  /temporar|\blater\b|\bsoon\b|(?:a|few|some) (?:moments?|minutes?|while|seconds?|hours?)|# ?(?:minut|second|sec|min|hour|stunde|heure|hora|ore\b|godzin|hodin|dakika|saat|минут|час|секунд|分|秒|時間|小时|분|초|시간|phut|gio\b)|shutting down|vorubergehend|voruebergehend|zeitweise|zeitweilig|spater|spaeter|plus tard|ulterieur|temporaire|provisoire|quelques (?:minutes|instants)|mas tarde|temporal|unos minutos|piu tardi|temporane|provvisori|qualche minuto|mais tarde|temporari|alguns minutos|later opnieuw|tijdelijk|pozniej|tymczasow|chwilow|za chwile|pozdeji|docasn|za chvili|prechodn|daha sonra|gecici|позже|позднее|пізніше|временн|тимчасов|через (?:некоторое|несколько)|稍后|稍後|暂时|暫時|临时|臨時|过一会|しばらく|後ほど|一時的|時間をおいて|나중에|잠시|일시적|sau (?:it|vai|#)|(?:thu lai|quay lai) sau|tam thoi|lat nua/u

/** The words for what is so only for now. */
const temporarily =
  /temporar|vorubergehend|voruebergehend|zeitweise|zeitweilig|temporaire|temporal|temporane|tijdelijk|tymczasow|docasn|gecici|временн|тимчасов|暂时|暫時|临时|臨時|一時的|일시적|tam thoi/u

export function saysTemporarily(skeleton: string): boolean {
  return temporarily.test(skeleton)
}

export function promisesLater(skeleton: string): boolean {
  return later.test(skeleton)
}

/** The words with which somebody is asked to do it once more. */
const again =
  /(?:try|enter|type|log ?in|sign in|start|check) (?:it |them )?again|\bretry\b|re ?enter|(?:bitte )?(?:erneut|nochmals?|noch einmal)|versuchen sie es|reessay\p{L}{0,3}|intent\p{L}{0,3}(?: de)? nuevo|intentelo|riprova\p{L}{0,2}|tente (?:novamente|de novo)|sprobuj(?: ponownie)?|zkuste|znovu|tekrar deney\p{L}{0,3}|probeer (?:het )?(?:opnieuw|nogmaals)|попробуйте|повторите(?: попытку)?|再试|再試|重试|重試|重新|もう一度|お試し|再度|再入力|다시 (?:시도|입력)|thu lai|nhap lai/gu

/** A word that calls something wrong, or that asks to look after it. */
const wrong =
  /\b(?:invalid|wrong|incorrect|bad|unknown|mismatch|not match|not recogni[sz]ed|not (?:correct|valid)|check|verify|falsch|ungultig|ungueltig|inkorrekt|nicht korrekt|prufen|pruefen|incorrect\p{L}{0,2}|incorret\p{L}|errone\p{L}{0,2}|invalid\p{L}{1,2}|mauvais|verifiez|compruebe|verifique|errat[oaie]|sbagliat[oaie]|non valid[oaie]|controll\p{L}{1,4}|errad[oa]s?|onjuist|ongeldig|verkeerd|controleer|bledn|nieprawidlow|zle haslo|niepoprawn|sprawdz|chybn|neplatn|spatn|nespravn|zkontroluj|yanlis|hatali|gecersiz|kontrol ed|sai|khong (?:dung|chinh xac|hop le)|kiem tra)|неверн|неправильн|некорректн|невірн|проверьте|错误|錯誤|不正确|不正確|不匹配|有误|有誤|检查|檢查|核对|違い|違って|違う|正しく|間違|誤|確認|틀렸|틀린|잘못|일치하지|올바르지|맞지|확인/u

/** Of words that call a password wrong, "try again" is no promise that it passes: it is taken out. */
export function withoutAgain(skeleton: string): string {
  return wrong.test(skeleton) && !promisesLater(skeleton)
    ? skeleton.replace(again, ' ').replace(/ {2,}/g, ' ').trim()
    : skeleton
}
