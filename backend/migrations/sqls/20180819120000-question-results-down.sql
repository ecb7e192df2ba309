DROP TRIGGER votes_only_while_open ON votes;
DROP FUNCTION reject_vote_unless_open();
DROP VIEW question_results;
