/** The providers with a page that says step by step what has to be done there. */
import { Page } from '../components/page.tsx'
import { guideIds, guideOf } from '../guides.ts'
import { words } from '../words/index.ts'

export default function Guides() {
  const { guide: say, guides, accounts } = words.value
  return (
    <Page title={say.title} lead={say.lead} back={{ to: '/accounts', name: accounts.title }}>
      <ul class="guides">
        {guideIds.map((id) => (
          <li key={id} class="card">
            <h2>
              <a href={`/guides/${id}`}>{guides[id].name}</a>
            </h2>
            <p>{guides[id].lead}</p>
            <p class="quiet">
              {guideOf(id)
                .ways.map(({ way }) => say.ways[way])
                .join(' · ')}
            </p>
          </li>
        ))}
      </ul>
    </Page>
  )
}
