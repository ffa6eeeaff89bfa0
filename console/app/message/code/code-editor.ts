/** A code editor for JSON. It lives in a shadow tree: only there does CodeMirror use style sheets that a strict CSP allows. */
import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { bracketMatching, indentOnInput } from '@codemirror/language'
import { lintKeymap, setDiagnostics } from '@codemirror/lint'
import { EditorState, type Extension } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { codeTheme } from './code-theme.ts'

/** A completion of the text at the cursor. */
export interface CodeCompletion {
  readonly text: string
  readonly shown: string
  readonly detail: string
  readonly info: string
  readonly kind: string
}

/** What a completion replaces, and with what. */
export interface CodeCompletions {
  readonly start: number
  readonly end: number
  readonly completions: readonly CodeCompletion[]
}

/** A place that is marked, and why. */
export interface CodeMark {
  readonly start: number
  readonly end: number
  readonly message: string
  readonly severity: 'error' | 'hint'
}

export interface CodeEditorOptions {
  readonly text: string
  /** The accessible name. */
  readonly label: string
  /** How to use it, for assistive technology. */
  readonly description: string
  readonly onText: (text: string) => void
  readonly complete: (text: string, offset: number) => CodeCompletions | null
}

export class CodeEditor {
  readonly #view: EditorView

  /** @param host is an element without a shadow tree, or with one from an earlier editor. */
  constructor(host: HTMLElement, options: CodeEditorOptions) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
    const state = EditorState.create({ doc: options.text, extensions: extensionsOf(options) })
    this.#view = new EditorView({ state, parent: root, root })
    // Tab leaves the editor until Ctrl+M (on a Mac, Shift+Alt+M) turns indenting on.
    this.#view.setTabFocusMode(true)
  }

  /** Replaces what differs, so that the cursor stays where it is. */
  setText(text: string): void {
    const { doc } = this.#view.state
    const before = doc.toString()
    if (before === text) return
    let from = 0
    const shorter = Math.min(before.length, text.length)
    while (from < shorter && before[from] === text[from]) from++
    let tail = 0
    while (tail < shorter - from && before[before.length - 1 - tail] === text[text.length - 1 - tail]) tail++
    this.#view.dispatch({ changes: { from, to: before.length - tail, insert: text.slice(from, text.length - tail) } })
  }

  mark(marks: readonly CodeMark[]): void {
    const { length } = this.#view.state.doc
    const diagnostics = marks.map(({ start, end, message, severity }) => ({
      from: Math.min(start, length),
      to: Math.min(end, length),
      message,
      severity: severity === 'error' ? ('error' as const) : ('warning' as const),
    }))
    this.#view.dispatch(setDiagnostics(this.#view.state, diagnostics))
  }

  /** Moves the cursor, and the focus with it. */
  select(start: number, end = start): void {
    const { length } = this.#view.state.doc
    this.#view.focus()
    this.#view.dispatch({
      selection: { anchor: Math.min(start, length), head: Math.min(end, length) },
      effects: EditorView.scrollIntoView(Math.min(start, length), { y: 'center' }),
    })
  }

  destroy(): void {
    this.#view.destroy()
  }
}

function extensionsOf({ label, description, onText, complete }: CodeEditorOptions): Extension {
  return [
    lineNumbers(),
    highlightSpecialChars(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    json(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ override: [(context) => completionsOf(context, complete)], icons: false }),
    keymap.of([
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter'),
      ...historyKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label, 'aria-description': description }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onText(update.state.doc.toString())
    }),
    codeTheme,
  ]
}

/** Finding the place of the cursor takes a while in longer texts, which are completed on demand. */
const MAX_COMPLETED_AS_TYPED = 200_000

function completionsOf(context: CompletionContext, complete: CodeEditorOptions['complete']): CompletionResult | null {
  if (!context.explicit && context.state.doc.length > MAX_COMPLETED_AS_TYPED) return null
  const found = complete(context.state.doc.toString(), context.pos)
  if (found === null || found.completions.length === 0) return null
  // Without a key press that asks for it, nothing opens before something is typed.
  if (!context.explicit && found.start === context.pos) return null
  return {
    from: found.start,
    to: found.end,
    options: found.completions.map(({ text, shown, detail, info, kind }, index) => ({
      label: text,
      displayLabel: shown,
      detail,
      type: kind,
      // In the order of the declaration.
      boost: -index / 10,
      apply: text,
      ...(info === '' ? {} : { info }),
    })),
    validFor: /^"?[\w.@/[\]-]*$/,
  }
}
