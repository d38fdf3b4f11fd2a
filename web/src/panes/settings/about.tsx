// The server behind this page: its version, its log and what is wrong with it; and the way out.
import { LogOut } from "lucide-react";
import { send } from "../../live/http.ts";
import { useConnection, useLive, usePosition } from "../../live/react.tsx";
import { Button } from "../../parts/button.tsx";
import { Fact, Facts } from "../../parts/facts.tsx";
import { count } from "../../parts/format.ts";
import { useHealth } from "../../parts/health.ts";
import { Trouble } from "../../parts/status.tsx";
import { Section } from "./section.tsx";

export function About() {
  const live = useLive();
  const { log, version, user, role } = useConnection();
  const position = usePosition();
  const { data, error } = useHealth();
  const signOut = () => void send("POST", "/api/sign-out").finally(() => live.leave());
  return (
    <Section id="about" title="About">
      <Facts>
        <Fact name="Version">{version ?? "not known yet"}</Fact>
        <Fact name="Signed in">{user ? `${user.id}${role ? `, ${role}` : ""}` : "not known yet"}</Fact>
        <Fact name="Log">
          <code className="font-mono text-code">{log ?? "not known yet"}</code>
        </Fact>
        <Fact name="Position">{count(position)}</Fact>
        <Fact name="Data folder">
          {data
            ? (data.troubles ?? []).length === 0
              ? "no troubles"
              : "see below"
            : (error?.message ?? "being asked")}
        </Fact>
      </Facts>
      {data?.troubles?.map((trouble) => (
        <Trouble key={trouble}>{trouble}</Trouble>
      ))}
      <Button className="self-start" onClick={signOut}>
        <LogOut size={15} aria-hidden />
        Sign out
      </Button>
    </Section>
  );
}
