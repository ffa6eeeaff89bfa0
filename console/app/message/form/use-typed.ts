/** Text that is being typed into a form. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useForm } from './form-source.ts'

const PAUSE_MS = 300

/**
 * Keeps what is typed, and passes it on: at once, or after a pause where the message is long. What an input shows follows the message again as
 * soon as nothing typed is waiting. Leaving the input ends the wait.
 */
export function useTyped(shown: string, onTyped: (text: string) => void) {
  const { isLong } = useForm()
  const [waiting, setWaiting] = useState<string | null>(null)
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined)
  const pass = useRef<(() => void) | null>(null)
  const flush = () => {
    clearTimeout(pause.current)
    pass.current?.()
    pass.current = null
  }
  useEffect(() => () => clearTimeout(pause.current), [])
  const onInput = (text: string) => {
    clearTimeout(pause.current)
    if (!isLong) {
      setWaiting(null)
      pass.current = null
      return onTyped(text)
    }
    setWaiting(text)
    pass.current = () => {
      setWaiting(null)
      onTyped(text)
    }
    pause.current = setTimeout(flush, PAUSE_MS)
  }
  return { text: waiting ?? shown, onInput, onBlur: flush }
}
