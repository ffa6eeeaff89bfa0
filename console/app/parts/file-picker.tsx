/** A button that opens a file of the user, onto which a file can also be dropped. */
import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { Button } from './button.tsx'

/** What is picked. */
export interface FilePickerProps {
  readonly label: string
  /** The types, as in `accept` of an input: `.json,application/json`. Default: all. */
  readonly accept?: string
  readonly onPick: (file: File) => void
  readonly isSmall?: boolean
  readonly isDisabled?: boolean
  /** What stands beside the button. */
  readonly children?: ComponentChildren
}

/** Draws the button. */
export function FilePicker({
  label,
  accept = '',
  onPick,
  isSmall = false,
  isDisabled = false,
  children,
}: FilePickerProps) {
  const input = useRef<HTMLInputElement>(null)
  const [isOver, setIsOver] = useState(false)
  const pick = (files: FileList | null | undefined) => {
    const file = files?.[0]
    if (file !== undefined && !isDisabled) onPick(file)
    // The same file can be picked again.
    if (input.current !== null) input.current.value = ''
  }
  const over = (event: DragEvent) => {
    event.preventDefault()
    setIsOver(true)
  }
  const dropped = (event: DragEvent) => {
    event.preventDefault()
    setIsOver(false)
    pick(event.dataTransfer?.files)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way, beside the button
    <div
      class={isOver ? 'row file-drop is-over' : 'row file-drop'}
      onDragOver={over}
      onDragLeave={() => setIsOver(false)}
      onDrop={dropped}
    >
      <Button icon="upload" isSmall={isSmall} isDisabled={isDisabled} onClick={() => input.current?.click()}>
        {label}
      </Button>
      <input ref={input} type="file" hidden accept={accept} onChange={(event) => pick(event.currentTarget.files)} />
      {children}
    </div>
  )
}
