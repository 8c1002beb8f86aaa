"""Every ``st.session_state`` key of the frame and of sign-in, named once.

Pages and components add theirs below, one block per page. streamlit-authenticator owns ``name``, ``username``,
``authentication_status``, ``email``, ``roles`` and ``logout``: nothing else may use these names.
"""

from __future__ import annotations

# Sign-in
SESSION_TOKEN = "sign_in.token"
PENDING_COOKIE = "sign_in.pending_cookie"
SIGN_IN_NOTICE = "sign_in.notice"
USERNAME_FIELD = "sign_in.username"
PASSWORD_FIELD = "sign_in.password"
SIGN_IN_BUTTON = "sign_in.submit"
SAMPLE_BUTTON = "sign_in.sample."  # followed by the user name

# Frame
TENANT = "tenant"  # also the name of the query parameter, so that a link can carry it
VIEWER = "frame.viewer"
SIGN_OUT_BUTTON = "frame.sign_out"
TRY_AGAIN_BUTTON = "error_notice.try_again"
SHOW_PAGE_BUTTON = "error_notice.show_page"

# Answer questions; those that end in a dot are followed by the id of an answer
CONVERSATION = "conversation"  # the name of the query parameter, so that a reload and a link keep it
ASK_BOX = "answer.ask"
ASK_REQUEST = "answer.request"
ASK_REFUSED = "answer.refused"
ASK_FAILURE = "answer.failure."
OPEN_CONVERSATION = "answer.open"
CONVERSATION_TENANT = "answer.tenant"
EXAMPLE_BUTTON = "answer.example."  # followed by its number
NEW_CONVERSATION_BUTTON = "answer.new"
DOWNLOAD_BUTTON = "answer.conversation.download"
HISTORY_SEARCH = "answer.history.search"
HISTORY_BUTTON = "answer.history.open."
EARLIER_TURN = "answer.earlier."
EDITING = "answer.editing."
EDIT_FIELD = "answer.edit."
EDIT_BUTTON = "answer.edit.start."
EDIT_DONE_BUTTON = "answer.edit.done."
EDIT_BACK_BUTTON = "answer.edit.back."
COPY_BUTTON = "answer.copy."
STAR_BUTTON = "answer.star."
RATING = "answer.rating."
RATING_REASON = "answer.rating.reason."
RATING_COMMENT = "answer.rating.comment."
ESCALATION_NOTE = "answer.escalation.note."
ESCALATION_BUTTON = "answer.escalation.send."
SEARCHED_FIELD = "answer.searched."
SEARCH_AGAIN_BUTTON = "answer.searched.again."
RETRY_BUTTON = "answer.retry."
DOCUMENT_BUTTON = "answer.document."
ORIGINAL_BUTTON = "answer.original."
