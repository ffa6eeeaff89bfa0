/** A modal dialog: the platform's, which keeps the focus inside and gives it back. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Button } from './button.tsx'

/** What a dialog shows. It is open as long as it is rendered. */
export interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  /** A further class, such as one that sets `--dialog-width`. */
  readonly class?: string
  readonly children: ComponentChildren
}

/** Draws a dialog. Escape, its button, and a click beside it close it. */
export function Dialog({ title, onClose, class: more = '', children }: DialogProps) {
  const id = useId()
  const dialog = useModal()
  return (
    <dialog ref={dialog} class={`dialog ${more}`.trim()} aria-labelledby={id} onClose={onClose}>
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" icon="close" label="Close" onClick={() => dialog.current?.close()} />
      </div>
      <div class="dialog-body">{children}</div>
    </dialog>
  )
}

/** Returns the reference for a `<dialog>` that is modal while it is rendered, and that a click beside it closes. */
export function useModal() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    const { current } = dialog
    const clicked = (event: MouseEvent) => event.target === current && current?.close()
    current?.addEventListener('click', clicked)
    current?.showModal()
    return () => {
      current?.removeEventListener('click', clicked)
      // An element that is removed does not give back the focus, unlike one that closes.
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return dialog
}
