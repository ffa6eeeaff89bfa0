/** The form for credentials, which most visits do without. */
import { lazyComponent } from '../parts/lazy-component.tsx'
import type { SignInFormProps } from './sign-in-form.tsx'

/** Draws the form. */
export const SignIn = lazyComponent<SignInFormProps>(async () => (await import('./sign-in-form.tsx')).SignInForm)
