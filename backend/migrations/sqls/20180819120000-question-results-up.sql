CREATE VIEW question_results AS
SELECT q.id AS question_id,
       o.id AS option_id,
       o.label,
       count(v.participant_id) AS votes
FROM questions q
JOIN options o ON o.question_id = q.id
LEFT JOIN votes v ON v.option_id = o.id
GROUP BY q.id, o.id;

-- Votes come in over the socket, so the rule is kept here: nobody votes before a
-- question is open, and nobody changes a vote once it is closed.
CREATE FUNCTION reject_vote_unless_open() RETURNS trigger AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM questions WHERE id = NEW.question_id AND state = 'open') THEN
    RAISE EXCEPTION 'question % is not open', NEW.question_id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER votes_only_while_open
  BEFORE INSERT OR UPDATE ON votes
  FOR EACH ROW EXECUTE PROCEDURE reject_vote_unless_open();
