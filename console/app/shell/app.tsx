/** The frame of the page: navigation beside the view of the current route. */
import { route } from '../route/route.ts'
import { ViewSlot } from './view-slot.tsx'

export function App() {
  return (
    <main>
      <ViewSlot view={route.value.view} />
    </main>
  )
}
