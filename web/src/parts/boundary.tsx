// What cannot be drawn harms nothing around it.
import { Component, type ReactNode } from "react";
import { Button } from "./button.tsx";
import { Trouble } from "./status.tsx";

interface Props {
  /** What could not be drawn, as `this pane`. */
  what: string;
  children: ReactNode;
}

export class Boundary extends Component<Props, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    // A part that loads when first needed is gone when the server has become another version.
    return (
      <div className="mx-auto max-w-2xl p-6">
        <Trouble
          action={
            <span className="flex gap-2">
              <Button onClick={() => this.setState({ error: null })}>Try again</Button>
              <Button onClick={() => location.reload()}>Reload</Button>
            </span>
          }
        >
          {`What belongs into ${this.props.what} could not be drawn: ${error.message}`}
        </Trouble>
      </div>
    );
  }
}
