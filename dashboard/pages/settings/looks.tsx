import { Choice } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { attempt } from '../../components/toast.tsx'
import { theme, themes } from '../../theme.ts'
import { type Language, language, languages, speak, words } from '../../words/index.ts'
import { settings } from '../../words/settings.ts'

export function Looks() {
  const { value: say } = settings
  const { shell } = words.value
  return (
    <Section title={say.page}>
      <div class="fields-row">
        <Choice
          label={shell.language}
          value={language.value}
          options={(Object.keys(languages) as Language[]).map((value) => ({ value, text: languages[value] }))}
          onChange={(value) => void attempt(async () => await speak(value))}
        />
        <Choice
          label={shell.theme}
          value={theme.value}
          options={themes.map((value) => ({ value, text: shell.themes[value] }))}
          onChange={(value) => {
            theme.value = value
          }}
        />
      </div>
    </Section>
  )
}
