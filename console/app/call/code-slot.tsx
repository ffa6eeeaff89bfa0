/** Loads the call as code when its tab is first shown. */
import type { ComponentType } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { variables } from '../saved/presets/environments.ts'
import { fillSaved } from '../saved/presets/fill-variables.ts'
import type { SnippetPanelProps } from '../snippets/snippet-panel.tsx'
import type { CallForm } from './call-form.ts'
import { useSavedCall } from './use-saved-call.ts'

/** Draws the call of the form as code. */
export function CodeSlot({ form }: { form: CallForm }) {
  const [panel, setPanel] = useState<{ readonly Panel: ComponentType<SnippetPanelProps> } | null>(null)
  useEffect(() => {
    let isCurrent = true
    void import('../snippets/snippet-panel.tsx').then(
      ({ SnippetPanel }) => isCurrent && setPanel({ Panel: SnippetPanel }),
    )
    return () => {
      isCurrent = false
    }
  }, [])
  const saved = useSavedCall(form)
  const filled = useMemo(() => fillSaved(saved, variables.value), [saved, variables.value])
  if (panel === null) return <p class="soft">Loading</p>
  return <panel.Panel saved={filled} method={form.method} />
}
