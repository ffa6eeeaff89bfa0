/** The JSON of a message as text: a plain text area until the code editor has been loaded, and whenever it can not be. */
import { effect } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { CodeEditor } from './code/code-editor.ts'
import { jsonPlace } from './json/json-place.ts'
import type { MessageDraft } from './message-draft.ts'
import { completionsAt } from './schema/completions.ts'

const IS_MAC = /Mac/.test(navigator.platform)
const KEYS = `Tab moves on. Ctrl+Space completes. ${IS_MAC ? 'Shift+Option+M' : 'Ctrl+M'} lets Tab indent.`

export interface JsonEditorProps {
  readonly draft: MessageDraft
  /** What to show and select, such as the place of a fault; a new object moves there again. */
  readonly target?: { readonly start: number; readonly end: number } | null
}

export function JsonEditor({ draft, target = null }: JsonEditorProps) {
  const id = useId()
  const host = useRef<HTMLDivElement>(null)
  const area = useRef<HTMLTextAreaElement>(null)
  const { editor, hasFailed } = useCodeEditor(draft, host, area)
  useEffect(() => {
    if (target === null) return
    if (editor !== null) return editor.select(target.start, target.end)
    area.current?.focus()
    area.current?.setSelectionRange(target.start, target.end)
  }, [editor, target])
  return (
    <div class="draft-json">
      <div ref={host} hidden={editor === null} />
      {editor === null ? (
        <textarea
          ref={area}
          class="textarea is-mono draft-text is-json"
          aria-label="JSON"
          aria-describedby={id}
          spellcheck={false}
          autocomplete="off"
          value={draft.text.value}
          onInput={(event) => draft.typeText(event.currentTarget.value)}
        />
      ) : null}
      <p class="hint" id={id}>
        {editor === null ? (hasFailed ? 'The editor with completion could not be loaded.' : '') : KEYS}
      </p>
    </div>
  )
}

/** Loads the editor, and keeps it in step with the draft. */
function useCodeEditor(
  draft: MessageDraft,
  host: RefObject<HTMLElement | null>,
  area: RefObject<HTMLTextAreaElement | null>,
) {
  const [editor, setEditor] = useState<CodeEditor | null>(null)
  const [hasFailed, setHasFailed] = useState(false)
  useEffect(() => {
    const leave = new AbortController()
    setEditor(null)
    openEditor(draft, host, area, leave.signal).then(setEditor, () => setHasFailed(true))
    return () => leave.abort()
  }, [draft])
  return { editor, hasFailed }
}

async function openEditor(
  draft: MessageDraft,
  host: RefObject<HTMLElement | null>,
  area: RefObject<HTMLTextAreaElement | null>,
  leave: AbortSignal,
): Promise<CodeEditor | null> {
  const { CodeEditor } = await import('./code/code-editor.ts')
  if (leave.aborted || host.current === null) return null
  const editor = new CodeEditor(host.current, {
    text: draft.text.peek(),
    label: 'JSON',
    description: KEYS,
    onText: (text) => draft.typeText(text),
    complete: (text, offset) => {
      const place = jsonPlace(text, offset)
      if (place === null) return null
      return { ...place.token, completions: completionsAt(draft.schema, draft.registry, place) }
    },
  })
  const isFocused = document.activeElement === area.current && area.current !== null
  if (isFocused) {
    const { selectionStart = 0, selectionEnd = 0 } = area.current ?? {}
    // The host is shown in the next frame.
    requestAnimationFrame(() => editor.select(selectionStart, selectionEnd))
  }
  const stop = followDraft(draft, editor)
  leave.addEventListener('abort', () => {
    stop()
    editor.destroy()
  })
  return editor
}

/** Shows changes of the form, and faults. */
function followDraft(draft: MessageDraft, editor: CodeEditor): () => void {
  const stopText = effect(() => editor.setText(draft.text.value))
  const stopFaults = effect(() => {
    const faults = draft.faults.value
    // The editor may be about to tell of the text that they are about.
    queueMicrotask(() => editor.mark(faults))
  })
  return () => {
    stopText()
    stopFaults()
  }
}
