/** Loads the call as code when its tab is first shown. */
import { useMemo } from 'preact/hooks'
import { lazyComponent } from '../parts/lazy-component.tsx'
import { variables } from '../saved/presets/environments.ts'
import { fillSaved } from '../saved/presets/fill-variables.ts'
import type { SnippetPanelProps } from '../snippets/snippet-panel.tsx'
import type { CallForm } from './call-form.ts'
import { useSavedCall } from './use-saved-call.ts'

const SnippetPanel = lazyComponent<SnippetPanelProps>(
  async () => (await import('../snippets/snippet-panel.tsx')).SnippetPanel,
)

/** Draws the call of the form as code. */
export function CodeSlot({ form }: { form: CallForm }) {
  const saved = useSavedCall(form)
  const filled = useMemo(() => fillSaved(saved, variables.value), [saved, variables.value])
  return <SnippetPanel saved={filled} method={form.method} />
}
